// What `perdure inspect` says of the stored entities of one kind, beside what it says of those of every kind:
// that part of the kind's line in the registry. Names instead of numbers, and nothing that clients or workers
// wrote: only that it is there.
//
// Immutable; safe from any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "engine/entity.h"
#include "nlohmann/json_fwd.hpp"

namespace perdure::server {

class KindInspector {
 public:
  virtual ~KindInspector() = default;

  // What the columns `id` and `type` are called: "workflow_id", "workflow_type".
  virtual std::string_view IdName() const = 0;
  virtual std::string_view TypeName() const = 0;
  // Empty for a number that is unknown.
  virtual std::string StatusName(int32_t status) const = 0;
  // A list of names of what the record holds, or a text that says that it cannot be read. Only `events` and
  // `changes` are read.
  virtual nlohmann::ordered_json EventsOf(const engine::Record& record) const = 0;
  virtual nlohmann::ordered_json ChangesOf(const engine::Record& record) const = 0;
  // REQUIRES: an entity of this kind.
  virtual nlohmann::ordered_json StateOf(const engine::Entity& entity) const = 0;
};

// A time as a program reads it: RFC 3339, in UTC.
inline std::string ShownTime(absl::Time time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E*SZ", time, absl::UTCTimeZone());
}

}  // namespace perdure::server
