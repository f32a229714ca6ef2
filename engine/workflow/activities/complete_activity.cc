#include "base/limits.h"
#include "engine/workflow/activities/activity.h"
#include "engine/workflow/handle.h"
#include "engine/workflow/workflow_tasks/workflow_task.h"

namespace perdure::engine::workflow {

absl::StatusOr<Reply> Handle(Transition& transition, const CompleteActivity& request) {
  const auto& completed = request.request;
  const bool too_large = completed.result().ByteSizeLong() > limits::kBlobSize;
  // An oversized result fails the activity. Failing, unlike completing, requires that it was started.
  const auto mode = too_large ? LookupMode::kStarted : LookupMode::kStartedOrById;
  const absl::StatusOr<int64_t> id = LookUpActivity(transition.state(), request.token, mode);
  if (!id.ok()) return id.status();
  if (too_large) {
    FailAttempt(transition, *id,
                {.failure = ServerFailure("Complete result exceeds size limit.", /*non_retryable=*/true),
                 .identity = completed.identity()});
    return Done{};
  }

  EmitLateStart(transition, *id,
                {.worker_version = completed.has_worker_version() ? &completed.worker_version() : nullptr,
                 .made_up_identity = &completed.identity()});
  HistoryEvent event = transition.NewEvent(temporal::api::enums::v1::EVENT_TYPE_ACTIVITY_TASK_COMPLETED);
  auto* attributes = event.mutable_activity_task_completed_event_attributes();
  if (completed.has_result()) *attributes->mutable_result() = completed.result();
  attributes->set_scheduled_event_id(*id);
  attributes->set_started_event_id(StartedEventId(transition.state(), *id));
  attributes->set_identity(completed.identity());
  SayOf(transition, *id, ActivityCompleted{});
  transition.EmitOrBuffer(std::move(event));
  ScheduleWorkflowTask(transition);
  return Done{};
}

}  // namespace perdure::engine::workflow
