#include "server/frontend/long_poll.h"

#include <algorithm>

#include "base/limits.h"
#include "base/status.h"

namespace perdure::server {

absl::StatusOr<absl::Duration> PollWait(std::optional<absl::Duration> time_left) {
  if (!time_left) return InvalidArgument("Context timeout is not set.");
  if (*time_left < limits::kMinLongPollDeadline) {
    return absl::FailedPreconditionError("Context timeout is too short.");
  }
  return std::min(limits::kLongPoll, *time_left - limits::kLongPollTail);
}

}  // namespace perdure::server
