#include "base/limits.h"
#include "engine/workflow/activities/activity.h"
#include "engine/workflow/handle.h"

namespace perdure::engine::workflow {

absl::StatusOr<Reply> Handle(Transition& transition, const HeartbeatActivity& request) {
  const absl::StatusOr<int64_t> id = LookUpActivity(transition.state(), request.token, LookupMode::kStarted);
  if (!id.ok()) return id.status();
  const auto& heartbeat = request.request;
  HeartbeatReply reply;
  if (heartbeat.details().ByteSizeLong() > limits::kBlobSize) {
    FailAttempt(transition, *id,
                {.failure = ServerFailure("Heartbeat details exceed size limit.", /*non_retryable=*/true),
                 .identity = heartbeat.identity()});
    reply.response.set_cancel_requested(true);
    return reply;
  }

  perdure::engine::Change change;
  change.mutable_activity_heartbeat()->set_scheduled_event_id(*id);
  if (heartbeat.has_details()) *change.mutable_activity_heartbeat()->mutable_details() = heartbeat.details();
  transition.Change(std::move(change));
  reply.response.set_cancel_requested(FindActivity(transition.state(), *id)->cancel_requested_event_id != 0);
  return reply;
}

}  // namespace perdure::engine::workflow
