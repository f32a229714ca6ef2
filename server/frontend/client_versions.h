// Which versions of Temporal's clients are served. What a client is comes in its request headers; one that
// does not say it, or is none of these, is served. Pure functions; safe anywhere.
#pragma once

#include <span>
#include <string_view>

#include "absl/status/status.h"

namespace perdure::server {

struct SupportedClient {
  std::string_view name;
  int below_major = 0;  // versions below this one
  std::string_view range;
};

std::span<const SupportedClient> SupportedClients();

// FAILED_PRECONDITION, with its detail, for a version that is not served; INVALID_ARGUMENT for one that is
// none.
absl::Status CheckClientVersion(std::string_view name, std::string_view version);

}  // namespace perdure::server
