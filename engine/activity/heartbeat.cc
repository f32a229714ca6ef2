#include "base/limits.h"
#include "base/time.h"
#include "engine/activity/attempts.h"
#include "engine/activity/handle.h"
#include "engine/activity/lookup.h"

namespace perdure::engine::activity {

absl::StatusOr<Reply> Handle(Step& step, const Heartbeat& request) {
  if (absl::Status found = CheckAttempt(step.state(), request.token); !found.ok()) return found;
  const api::RecordActivityTaskHeartbeatRequest& beat = request.request;
  HeartbeatReply reply;
  if (beat.details().ByteSizeLong() > limits::kBlobSize) {
    FailAttempt(step,
                {.failure = ServerFailure("Heartbeat details exceed size limit.", /*non_retryable=*/true),
                 .identity = beat.identity()});
    reply.response.set_cancel_requested(true);
    return reply;
  }
  ActivityHeartbeatState& heartbeat = step.heartbeat();
  heartbeat.clear_details();
  if (beat.has_details()) *heartbeat.mutable_details() = beat.details();
  *heartbeat.mutable_time() = ToProto(step.now());
  heartbeat.set_total_count(heartbeat.total_count() + 1);
  const ActivityControl::Status status = step.state().status();
  reply.response.set_cancel_requested(status == ActivityControl::CANCEL_REQUESTED);
  reply.response.set_activity_paused(status == ActivityControl::PAUSE_REQUESTED);
  reply.response.set_activity_reset(status == ActivityControl::RESET_REQUESTED);
  return reply;
}

}  // namespace perdure::engine::activity
