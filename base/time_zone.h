// Time zones by name, as the system's time zone data has them (/usr/share/zoneinfo,
// package tzdata). Read from disk at the first use of a name, and kept; safe from any thread.
#pragma once

#include <optional>
#include <string_view>

#include "absl/time/time.h"

namespace perdure {

// "Europe/Berlin"; "" and "UTC" need no data. Nullopt for a name that is no zone's. What names there are is
// bounded by what the data holds, however many are asked for.
std::optional<absl::TimeZone> FindTimeZone(std::string_view name);

}  // namespace perdure
