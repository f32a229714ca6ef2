// The time rules of polls. Pure functions; safe anywhere.
#pragma once

#include <optional>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace perdure::server {

// How long a poll may wait before it is answered empty, from what is left until its client gives up.
// INVALID_ARGUMENT when the client set no deadline, FAILED_PRECONDITION when it is too near.
absl::StatusOr<absl::Duration> PollWait(std::optional<absl::Duration> time_left);

}  // namespace perdure::server
