// Values in a list filter, read as the types that they are compared with. INVALID_ARGUMENT in the real
// server's words for what is none. Pure functions; safe anywhere.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/ids.h"
#include "server/visibility/filter_lexer.h"

namespace perdure::server {

absl::Status InvalidValueType(std::string_view attribute, std::string_view type, const FilterToken& value);

// A workflow's, by name ("Running", or the enum's) or number.
absl::StatusOr<int64_t> StatusValue(const FilterToken& value);
absl::StatusOr<int64_t> IntegerValue(std::string_view attribute, const FilterToken& value);
// RFC 3339, or nanoseconds.
absl::StatusOr<absl::Time> TimeValue(std::string_view attribute, const FilterToken& value);
// "1h30m", "2d", "01:30:00", or nanoseconds.
absl::StatusOr<absl::Duration> DurationValue(std::string_view attribute, const FilterToken& value);

// The run ids whose text begins with `prefix`; nothing where none does. Of a whole run id, just that one.
struct RunIdRange {
  Uuid first;
  Uuid last;
};
std::optional<RunIdRange> RunIdsWithPrefix(std::string_view prefix);

}  // namespace perdure::server
