// Custom search attributes as people write them: NAME=TYPE.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/frontend/frontend.h"

namespace perdure::server {

// INVALID_ARGUMENT, showing the one that is wrong.
absl::StatusOr<SearchAttributeTypes> ParseSearchAttributes(const std::vector<std::string>& pairs);

}  // namespace perdure::server
