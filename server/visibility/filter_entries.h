// Filters on attributes that are searched by their entries (engine/search_values.h): the custom ones, and
// those of the system that clients or the server set on some runs only. Pure functions; safe anywhere. Rule:
// the real server's on SQLite.
#pragma once

#include "absl/status/statusor.h"
#include "persistence/visibility_query.h"
#include "server/visibility/filter_parser.h"
#include "server/visibility/listed_kind.h"

namespace perdure::server {

// `leaf` is a comparison with a value. INVALID_ARGUMENT in the real server's words.
absl::StatusOr<persistence::Filter> CompareEntries(const SystemAttribute& attribute, const FilterTree& leaf);

// Whether a run has the attribute, or has none of it.
persistence::Filter HasEntries(const SystemAttribute& attribute);
persistence::Filter HasNoEntries(const SystemAttribute& attribute);

}  // namespace perdure::server
