#include "base/ids.h"

#include <algorithm>

#include "absl/strings/ascii.h"

namespace perdure {
namespace {

constexpr char kHex[] = "0123456789abcdef";
constexpr size_t kTextSize = 36;
constexpr std::array<size_t, 4> kDashes = {8, 13, 18, 23};

bool IsDash(size_t at) {
  for (size_t dash : kDashes) {
    if (at == dash) return true;
  }
  return false;
}

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = absl::ascii_tolower(static_cast<unsigned char>(c));
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

}  // namespace

Uuid Uuid::Mint(Random& random) {
  Uuid id;
  for (size_t half = 0; half < 2; ++half) {
    uint64_t bits = random.Next();
    for (size_t i = 0; i < 8; ++i, bits >>= 8) id.bytes[half * 8 + i] = static_cast<uint8_t>(bits);
  }
  id.bytes[6] = static_cast<uint8_t>((id.bytes[6] & 0x0f) | 0x40);
  id.bytes[8] = static_cast<uint8_t>((id.bytes[8] & 0x3f) | 0x80);
  return id;
}

std::optional<Uuid> Uuid::Parse(std::string_view text) {
  if (text.size() != kTextSize) return std::nullopt;
  Uuid id;
  size_t nibble = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (IsDash(i)) {
      if (text[i] != '-') return std::nullopt;
      continue;
    }
    const int value = HexValue(text[i]);
    if (value < 0) return std::nullopt;
    id.bytes[nibble / 2] = static_cast<uint8_t>(id.bytes[nibble / 2] << 4 | value);
    ++nibble;
  }
  return id;
}

std::optional<Uuid> Uuid::FromBytes(std::string_view raw) {
  Uuid id;
  if (raw.size() != id.bytes.size()) return std::nullopt;
  std::copy(raw.begin(), raw.end(), id.bytes.begin());
  return id;
}

std::string Uuid::ToString() const {
  std::string text(kTextSize, '-');
  size_t at = 0;
  for (const uint8_t byte : bytes) {
    if (IsDash(at)) ++at;
    text[at++] = kHex[byte >> 4];
    text[at++] = kHex[byte & 0xf];
  }
  return text;
}

uint64_t StableHash(std::string_view bytes, uint64_t seed) {
  uint64_t hash = 0xcbf29ce484222325 ^ seed;
  for (const char c : bytes) {
    hash ^= static_cast<uint8_t>(c);
    hash *= 0x100000001b3;
  }
  hash ^= hash >> 33;
  hash *= 0xff51afd7ed558ccd;
  hash ^= hash >> 33;
  return hash;
}

ShardId ShardOf(const Uuid& namespace_id, std::string_view workflow_id) {
  return static_cast<ShardId>(StableHash(workflow_id, StableHash(namespace_id.View())) % kShardCount);
}

}  // namespace perdure
