#include <utility>

#include "base/limits.h"
#include "base/time.h"
#include "engine/activity/attempts.h"
#include "engine/activity/handle.h"
#include "engine/activity/lookup.h"

namespace perdure::engine::activity {

absl::StatusOr<Reply> Handle(Step& step, const Fail& request) {
  if (absl::Status found = CheckAttempt(step.state(), request.token); !found.ok()) return found;
  const api::RespondActivityTaskFailedRequest& failed = request.request;
  FailedReply reply;
  if (failed.has_last_heartbeat_details()) {
    if (failed.last_heartbeat_details().ByteSizeLong() > limits::kBlobSize) {
      *reply.response.add_failures() =
          ServerFailure("Heartbeat details exceed size limit.", /*non_retryable=*/true);
    } else {
      ActivityHeartbeatState& heartbeat = step.heartbeat();
      *heartbeat.mutable_details() = failed.last_heartbeat_details();
      *heartbeat.mutable_time() = ToProto(step.now());
      heartbeat.set_total_count(heartbeat.total_count() + 1);
    }
  }
  std::optional<Failure> failure;
  if (failed.has_failure()) failure = failed.failure();
  if (failure.has_value() && CutToLimit(*failure)) *reply.response.add_failures() = *failure;
  FailAttempt(step, {.failure = std::move(failure), .identity = failed.identity()});
  return reply;
}

}  // namespace perdure::engine::activity
