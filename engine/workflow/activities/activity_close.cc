#include "base/time.h"
#include "engine/workflow/activities/activity.h"
#include "engine/workflow/workflow_tasks/workflow_task.h"

namespace perdure::engine::workflow {

namespace enums = temporal::api::enums::v1;

void EmitLateStart(Transition& transition, int64_t scheduled_event_id, const LateStart& late) {
  const Activity* activity = FindActivity(transition.state(), scheduled_event_id);
  if (!IsStarted(*activity) && late.made_up_identity == nullptr) return;
  HistoryEvent event = transition.NewEvent(enums::EVENT_TYPE_ACTIVITY_TASK_STARTED);
  auto* attributes = event.mutable_activity_task_started_event_attributes();
  attributes->set_scheduled_event_id(scheduled_event_id);
  attributes->set_attempt(activity->attempt);
  if (IsStarted(*activity)) {
    *event.mutable_event_time() = ToProto(*activity->started_time);
    attributes->set_request_id(activity->request_id);
    attributes->set_identity(activity->identity);
  } else {
    attributes->set_identity(*late.made_up_identity);
  }
  if (activity->last_failure != nullptr) *attributes->mutable_last_failure() = *activity->last_failure;
  if (late.worker_version != nullptr) *attributes->mutable_worker_version() = *late.worker_version;
  transition.EmitOrBuffer(std::move(event));
}

int64_t StartedEventId(const State& state, int64_t scheduled_event_id) {
  return FindActivity(state, scheduled_event_id)->started_event_id;
}

void FailAttempt(Transition& transition, int64_t scheduled_event_id, FailedAttempt failed) {
  const Activity& activity = *FindActivity(transition.state(), scheduled_event_id);
  const Failure failure = failed.failure.value_or(Failure());
  const RetryDecision decision =
      DecideRetry(ViewOf(activity), {failure, NextRetryDelay(failure)}, transition.now());
  const bool retried = decision.state == enums::RETRY_STATE_IN_PROGRESS;
  SayOf(transition, scheduled_event_id, ActivityAttemptFailed{retried});
  if (retried) {
    RetryActivity(transition, scheduled_event_id,
                  {.failure = std::move(failed.failure),
                   .next = decision.next,
                   .last_heartbeat_details = failed.last_heartbeat_details,
                   .by_worker = true});
    return;
  }
  EmitLateStart(transition, scheduled_event_id, {.worker_version = failed.worker_version});
  HistoryEvent event = transition.NewEvent(enums::EVENT_TYPE_ACTIVITY_TASK_FAILED);
  auto* attributes = event.mutable_activity_task_failed_event_attributes();
  if (failed.failure.has_value()) *attributes->mutable_failure() = *std::move(failed.failure);
  attributes->set_scheduled_event_id(scheduled_event_id);
  attributes->set_started_event_id(StartedEventId(transition.state(), scheduled_event_id));
  attributes->set_identity(std::move(failed.identity));
  attributes->set_retry_state(decision.state);
  transition.EmitOrBuffer(std::move(event));
  ScheduleWorkflowTask(transition);
}

}  // namespace perdure::engine::workflow
