// Identifiers: UUIDs as 16 bytes, and the hash that places a workflow id on a shard.
// Values without locks or allocation beyond their strings; safe anywhere.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/random.h"

namespace perdure {

// A UUID in network byte order. The all-zero value means "none".
struct Uuid {
  std::array<uint8_t, 16> bytes{};

  // Version 4.
  static Uuid Mint(Random& random);
  // Accepts the 36-character form in either case, nothing else.
  static std::optional<Uuid> Parse(std::string_view text);
  // Of its 16 bytes, as View() gives them; nothing else.
  static std::optional<Uuid> FromBytes(std::string_view raw);

  bool IsNil() const { return bytes == std::array<uint8_t, 16>{}; }
  std::string ToString() const;  // lower case
  std::string_view View() const { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

  friend auto operator<=>(const Uuid&, const Uuid&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const Uuid& id) {
    return H::combine(std::move(h), id.bytes);
  }
};

// A run of some id, where another run names it.
struct NamedRun {
  std::string id;
  Uuid run_id;
  friend bool operator==(const NamedRun&, const NamedRun&) = default;
};

// A shard of history. The number of shards is a constant of the stored data: it is never tuned or changed.
using ShardId = uint32_t;
inline constexpr ShardId kShardCount = 4096;

// The kind of an entity as keys and rows carry it; a server is started with a list of kinds, each with its
// number (server/history/entity_kinds.h). 1 is a workflow run. 0 is never stored.
using KindNumber = uint16_t;

// Stable for ever: stored rows depend on it (FNV-1a over the namespace id's bytes and the workflow id,
// mixed).
ShardId ShardOf(const Uuid& namespace_id, std::string_view workflow_id);

// 64-bit FNV-1a with a final mix; stable for ever. For placement and tags, not for security.
uint64_t StableHash(std::string_view bytes, uint64_t seed = 0);

}  // namespace perdure
