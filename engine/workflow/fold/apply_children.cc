#include "base/check.h"
#include "engine/workflow/fold/apply.h"
#include "engine/workflow/messages/children.h"

namespace perdure::engine::workflow {
namespace {

PendingChild* MutableChild(State& state, int64_t initiated_event_id) {
  if (!state.children->contains(initiated_event_id)) return nullptr;
  return &state.children.Mutable().at(initiated_event_id);
}

// An end that was buffered removed the child when it arrived; when it gets its id there is nothing left to
// do.
void RemoveChild(State& state, int64_t initiated_event_id) {
  if (state.children->contains(initiated_event_id)) state.children.Mutable().erase(initiated_event_id);
}

// The completed workflow task by whose commands the run closed; 0 when nobody's command closed it.
int64_t ClosingTask(const temporal::api::history::v1::HistoryEvent& close) {
  using temporal::api::history::v1::HistoryEvent;
  switch (close.attributes_case()) {
    case HistoryEvent::kWorkflowExecutionCompletedEventAttributes:
      return close.workflow_execution_completed_event_attributes().workflow_task_completed_event_id();
    case HistoryEvent::kWorkflowExecutionFailedEventAttributes:
      return close.workflow_execution_failed_event_attributes().workflow_task_completed_event_id();
    case HistoryEvent::kWorkflowExecutionCanceledEventAttributes:
      return close.workflow_execution_canceled_event_attributes().workflow_task_completed_event_id();
    case HistoryEvent::kWorkflowExecutionContinuedAsNewEventAttributes:
      return close.workflow_execution_continued_as_new_event_attributes().workflow_task_completed_event_id();
    default:
      return 0;
  }
}

}  // namespace

void fold::ChildInitiated(State& state, const EventPtr& event) {
  state.children.Mutable()[event->event_id()].initiated = event;
}

void fold::ChildStartFailed(State& state, const EventPtr& event) {
  RemoveChild(state, event->start_child_workflow_execution_failed_event_attributes().initiated_event_id());
}

void fold::ChildStarted(State& state, const EventPtr& event) {
  PendingChild* child =
      MutableChild(state, event->child_workflow_execution_started_event_attributes().initiated_event_id());
  if (child == nullptr) return;
  child->started = true;
  child->started_event_id = event->event_id();
}

void fold::ChildCompleted(State& state, const EventPtr& event) {
  RemoveChild(state, event->child_workflow_execution_completed_event_attributes().initiated_event_id());
}

void fold::ChildFailed(State& state, const EventPtr& event) {
  RemoveChild(state, event->child_workflow_execution_failed_event_attributes().initiated_event_id());
}

void fold::ChildCanceled(State& state, const EventPtr& event) {
  RemoveChild(state, event->child_workflow_execution_canceled_event_attributes().initiated_event_id());
}

void fold::ChildTimedOut(State& state, const EventPtr& event) {
  RemoveChild(state, event->child_workflow_execution_timed_out_event_attributes().initiated_event_id());
}

void fold::ChildTerminated(State& state, const EventPtr& event) {
  RemoveChild(state, event->child_workflow_execution_terminated_event_attributes().initiated_event_id());
}

void ForgetAtClose(State& state) {
  state.external_signals = {};
  state.external_cancels = {};
  if (state.children->empty()) return;
  const int64_t closing_task = ClosingTask(*state.close_event);
  absl::erase_if(state.children.Mutable(), [&](const auto& entry) {
    const InitiatedChild& initiated = Initiated(entry.second);
    const bool abandoned =
        initiated.parent_close_policy() == temporal::api::enums::v1::PARENT_CLOSE_POLICY_ABANDON;
    const bool unheard_of = closing_task != 0 && initiated.workflow_task_completed_event_id() == closing_task;
    return unheard_of || (abandoned && entry.second.released);
  });
}

void fold_change::MessageMinted(State& state, const Change& change) {
  const std::optional<Uuid> id = Uuid::FromBytes(change.message_minted().id());
  PERDURE_CHECK(id.has_value(), "ids are 16 bytes");
  const int64_t event_id = change.message_minted().initiated_event_id();
  if (PendingChild* child = MutableChild(state, event_id); child != nullptr) child->run_id = *id;
  if (state.external_signals->contains(event_id)) {
    state.external_signals.Mutable().at(event_id).request_id = *id;
  }
  if (state.external_cancels->contains(event_id)) {
    state.external_cancels.Mutable().at(event_id).request_id = *id;
  }
}

void fold_change::ChildReleased(State& state, const Change& change) {
  const int64_t id = change.child_released().initiated_event_id();
  if (PendingChild* child = MutableChild(state, id); child != nullptr) child->released = true;
}

void fold_change::ChildrenSettled(State& state, const Change& change) {
  for (const int64_t id : change.children_settled().initiated_event_ids()) RemoveChild(state, id);
}

void fold_change::ReportSettled(State& state, const Change& /*change*/) { state.report_settled = true; }

void fold_change::RunReleased(State& state, const Change& /*change*/) { state.unreleased = false; }

}  // namespace perdure::engine::workflow
