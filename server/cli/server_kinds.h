// The registry of kinds of this program: where a new kind's line is added.
#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "server/history/entity_kinds.h"

namespace perdure::server {

EntityKinds ServerKinds();

// The line of the kind of that name; INVALID_ARGUMENT names those that there are. Points into `kinds`.
absl::StatusOr<const EntityKind*> KindNamed(const EntityKinds& kinds, std::string_view name);

}  // namespace perdure::server
