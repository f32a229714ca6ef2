#include "engine/values/payload.h"
#include "engine/workflow/activities/activity.h"
#include "engine/workflow/commands/command.h"
#include "fmt/format.h"

namespace perdure::engine::workflow {
namespace {

namespace enums = temporal::api::enums::v1;

CommandFailure BadCancelActivity(std::string message) {
  return {enums::WORKFLOW_TASK_FAILED_CAUSE_BAD_REQUEST_CANCEL_ACTIVITY_ATTRIBUTES, std::move(message)};
}

int64_t EndedActivity(const HistoryEvent& event) {
  switch (event.event_type()) {
    case enums::EVENT_TYPE_ACTIVITY_TASK_COMPLETED:
      return event.activity_task_completed_event_attributes().scheduled_event_id();
    case enums::EVENT_TYPE_ACTIVITY_TASK_FAILED:
      return event.activity_task_failed_event_attributes().scheduled_event_id();
    case enums::EVENT_TYPE_ACTIVITY_TASK_TIMED_OUT:
      return event.activity_task_timed_out_event_attributes().scheduled_event_id();
    case enums::EVENT_TYPE_ACTIVITY_TASK_CANCELED:
      return event.activity_task_canceled_event_attributes().scheduled_event_id();
    default:
      return 0;
  }
}

// Its end came while the workflow task ran: the workflow could not know, so the request is in order.
bool HasBufferedEnd(const State& state, int64_t scheduled_event_id) {
  for (const EventPtr& event : *state.buffered) {
    if (EndedActivity(*event) == scheduled_event_id) return true;
  }
  return false;
}

// Nobody has the activity, so nobody will answer: the server does.
void CancelWaiting(CommandContext& context, int64_t scheduled_event_id, int64_t requested_event_id) {
  HistoryEvent event = context.transition.NewEvent(enums::EVENT_TYPE_ACTIVITY_TASK_CANCELED);
  auto* attributes = event.mutable_activity_task_canceled_event_attributes();
  *attributes->mutable_details() = JsonStringPayloads("ACTIVITY_ID_NOT_STARTED");
  attributes->set_latest_cancel_requested_event_id(requested_event_id);
  attributes->set_scheduled_event_id(scheduled_event_id);
  attributes->set_identity(context.identity);
  context.transition.EmitOrBuffer(std::move(event));
}

}  // namespace

CommandResult RequestCancelActivityTask(CommandContext& context, const Command& command) {
  if (!command.has_request_cancel_activity_task_command_attributes()) {
    return BadCancelActivity(
        "RequestCancelActivityTaskCommandAttributes is not set on RequestCancelActivityTaskCommand.");
  }
  const int64_t id = command.request_cancel_activity_task_command_attributes().scheduled_event_id();
  if (id <= 0) return BadCancelActivity("ScheduledEventId is not set on RequestCancelActivityTaskCommand.");
  Transition& transition = context.transition;
  const Activity* activity = FindActivity(transition.state(), id);
  const bool already_requested = activity != nullptr && activity->cancel_requested_event_id != 0;
  if (already_requested || (activity == nullptr && !HasBufferedEnd(transition.state(), id))) {
    return BadCancelActivity(
        fmt::format("invalid history builder state for action: add-activitytask-cancel-requested-event, "
                    "ScheduledEventID: {}",
                    id));
  }
  const bool waits = activity != nullptr && !IsStarted(*activity);

  HistoryEvent event = transition.NewEvent(enums::EVENT_TYPE_ACTIVITY_TASK_CANCEL_REQUESTED);
  auto* attributes = event.mutable_activity_task_cancel_requested_event_attributes();
  attributes->set_scheduled_event_id(id);
  attributes->set_workflow_task_completed_event_id(context.completed_event_id);
  CopyMetadata(command, event);
  const int64_t requested_event_id = transition.Emit(std::move(event));
  if (waits) CancelWaiting(context, id, requested_event_id);
  return std::nullopt;
}

}  // namespace perdure::engine::workflow
