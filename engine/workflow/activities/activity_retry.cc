#include "base/time.h"
#include "engine/workflow/activities/activity.h"

namespace perdure::engine::workflow {

void RetryActivity(Transition& transition, int64_t scheduled_event_id, EndedAttempt ended) {
  const Activity* activity = FindActivity(transition.state(), scheduled_event_id);
  perdure::engine::Change change;
  auto* retry = change.mutable_activity_retry();
  retry->set_scheduled_event_id(scheduled_event_id);
  retry->set_attempt(activity->attempt + 1);
  *retry->mutable_scheduled_time() = ToProto(ended.next);
  if (ended.failure.has_value()) *retry->mutable_last_failure() = CutForRetry(*std::move(ended.failure));
  retry->set_by_worker(ended.by_worker);
  if (ended.last_heartbeat_details != nullptr) {
    *retry->mutable_last_heartbeat_details() = *ended.last_heartbeat_details;
  }
  transition.Change(std::move(change));
}

}  // namespace perdure::engine::workflow
