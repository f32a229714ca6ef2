#include "base/limits.h"
#include "base/status.h"
#include "engine/workflow/activities/activity.h"
#include "engine/workflow/handle.h"
#include "engine/workflow/workflow_tasks/workflow_task.h"

namespace perdure::engine::workflow {

absl::StatusOr<Reply> Handle(Transition& transition, const CancelActivity& request) {
  const absl::StatusOr<int64_t> id = LookUpActivity(transition.state(), request.token, LookupMode::kStarted);
  if (!id.ok()) return id.status();
  const auto& canceled = request.request;
  if (canceled.details().ByteSizeLong() > limits::kBlobSize) {
    FailAttempt(transition, *id,
                {.failure = ServerFailure("Cancel details exceed size limit.", /*non_retryable=*/true),
                 .identity = canceled.identity()});
    return Done{};
  }
  const int64_t requested = FindActivity(transition.state(), *id)->cancel_requested_event_id;
  if (requested == 0) {
    return InvalidArgument(
        "unable to mark activity as canceled without activity being request canceled first");
  }

  EmitLateStart(transition, *id);
  HistoryEvent event = transition.NewEvent(temporal::api::enums::v1::EVENT_TYPE_ACTIVITY_TASK_CANCELED);
  auto* attributes = event.mutable_activity_task_canceled_event_attributes();
  if (canceled.has_details()) *attributes->mutable_details() = canceled.details();
  attributes->set_latest_cancel_requested_event_id(requested);
  attributes->set_scheduled_event_id(*id);
  attributes->set_started_event_id(StartedEventId(transition.state(), *id));
  attributes->set_identity(canceled.identity());
  SayOf(transition, *id, ActivityCanceled{});
  transition.EmitOrBuffer(std::move(event));
  ScheduleWorkflowTask(transition);
  return Done{};
}

}  // namespace perdure::engine::workflow
