// What a parent's history tells of its children and of what it asked of other workflows.

#include <utility>

#include "engine/workflow/messages/children.h"

namespace perdure::engine::workflow {
namespace {

namespace enums = temporal::api::enums::v1;

template <typename Attributes>
void NameChild(const PendingChild& child, Attributes& attributes) {
  const InitiatedChild& initiated = Initiated(child);
  attributes.set_namespace_(initiated.namespace_());
  attributes.set_namespace_id(initiated.namespace_id());
  attributes.set_initiated_event_id(child.initiated->event_id());
  *attributes.mutable_workflow_type() = initiated.workflow_type();
}

template <typename Attributes>
void NameEnded(const PendingChild& child, const perdure::engine::ChildEnded& ended, Attributes& attributes) {
  NameChild(child, attributes);
  attributes.set_started_event_id(child.started_event_id);
  const std::optional<Uuid> run_id = Uuid::FromBytes(ended.run_id());
  attributes.mutable_workflow_execution()->set_workflow_id(ended.child_id());
  attributes.mutable_workflow_execution()->set_run_id(run_id.value_or(child.run_id).ToString());
}

// A command names the namespace only when it is another one; its outcome always does.
template <typename Initiated, typename Attributes>
void NameTarget(const Transition& transition, const HistoryEvent& event, const Initiated& initiated,
                Attributes& attributes) {
  attributes.set_initiated_event_id(event.event_id());
  attributes.set_namespace_(initiated.namespace_().empty() ? transition.context().settings.name
                                                           : initiated.namespace_());
  attributes.set_namespace_id(initiated.namespace_id());
  *attributes.mutable_workflow_execution() = initiated.workflow_execution();
}

}  // namespace

HistoryEvent NewChildStarted(const Transition& transition, const PendingChild& child) {
  HistoryEvent event = transition.NewEvent(enums::EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_STARTED);
  auto& started = *event.mutable_child_workflow_execution_started_event_attributes();
  NameChild(child, started);
  started.mutable_workflow_execution()->set_workflow_id(Initiated(child).workflow_id());
  started.mutable_workflow_execution()->set_run_id(child.run_id.ToString());
  if (Initiated(child).has_header()) *started.mutable_header() = Initiated(child).header();
  return event;
}

HistoryEvent NewChildStartFailed(const Transition& transition, const PendingChild& child,
                                 enums::StartChildWorkflowExecutionFailedCause cause) {
  HistoryEvent event = transition.NewEvent(enums::EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_FAILED);
  auto& failed = *event.mutable_start_child_workflow_execution_failed_event_attributes();
  NameChild(child, failed);
  failed.set_workflow_id(Initiated(child).workflow_id());
  failed.set_control(Initiated(child).control());
  failed.set_cause(cause);
  return event;
}

std::optional<HistoryEvent> NewChildEnded(const Transition& transition, const PendingChild& child,
                                          const perdure::engine::ChildEnded& ended) {
  const HistoryEvent& closed = ended.close_event();
  switch (closed.attributes_case()) {
    case HistoryEvent::kWorkflowExecutionCompletedEventAttributes: {
      HistoryEvent event = transition.NewEvent(enums::EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_COMPLETED);
      auto& completed = *event.mutable_child_workflow_execution_completed_event_attributes();
      NameEnded(child, ended, completed);
      const auto& was = closed.workflow_execution_completed_event_attributes();
      if (was.has_result()) *completed.mutable_result() = was.result();
      return event;
    }
    case HistoryEvent::kWorkflowExecutionFailedEventAttributes: {
      HistoryEvent event = transition.NewEvent(enums::EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_FAILED);
      auto& failed = *event.mutable_child_workflow_execution_failed_event_attributes();
      NameEnded(child, ended, failed);
      const auto& was = closed.workflow_execution_failed_event_attributes();
      if (was.has_failure()) *failed.mutable_failure() = was.failure();
      failed.set_retry_state(was.retry_state());
      return event;
    }
    case HistoryEvent::kWorkflowExecutionCanceledEventAttributes: {
      HistoryEvent event = transition.NewEvent(enums::EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_CANCELED);
      auto& canceled = *event.mutable_child_workflow_execution_canceled_event_attributes();
      NameEnded(child, ended, canceled);
      const auto& was = closed.workflow_execution_canceled_event_attributes();
      if (was.has_details()) *canceled.mutable_details() = was.details();
      return event;
    }
    case HistoryEvent::kWorkflowExecutionTimedOutEventAttributes: {
      HistoryEvent event = transition.NewEvent(enums::EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_TIMED_OUT);
      auto& timed_out = *event.mutable_child_workflow_execution_timed_out_event_attributes();
      NameEnded(child, ended, timed_out);
      timed_out.set_retry_state(closed.workflow_execution_timed_out_event_attributes().retry_state());
      return event;
    }
    case HistoryEvent::kWorkflowExecutionTerminatedEventAttributes: {
      HistoryEvent event = transition.NewEvent(enums::EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_TERMINATED);
      NameEnded(child, ended, *event.mutable_child_workflow_execution_terminated_event_attributes());
      return event;
    }
    default:  // a run that continues as new does not report
      return std::nullopt;
  }
}

HistoryEvent NewExternalSignaled(const Transition& transition, const PendingExternal& signal) {
  HistoryEvent event = transition.NewEvent(enums::EVENT_TYPE_EXTERNAL_WORKFLOW_EXECUTION_SIGNALED);
  auto& signaled = *event.mutable_external_workflow_execution_signaled_event_attributes();
  const InitiatedSignal& initiated =
      signal.initiated->signal_external_workflow_execution_initiated_event_attributes();
  NameTarget(transition, *signal.initiated, initiated, signaled);
  signaled.set_control(initiated.control());
  return event;
}

HistoryEvent NewSignalFailed(const Transition& transition, const HistoryEvent& initiated,
                             enums::SignalExternalWorkflowExecutionFailedCause cause) {
  HistoryEvent event = transition.NewEvent(enums::EVENT_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_FAILED);
  auto& failed = *event.mutable_signal_external_workflow_execution_failed_event_attributes();
  const InitiatedSignal& signal = initiated.signal_external_workflow_execution_initiated_event_attributes();
  NameTarget(transition, initiated, signal, failed);
  failed.set_control(signal.control());
  failed.set_cause(cause);
  return event;
}

HistoryEvent NewExternalCancelRequested(const Transition& transition, const PendingExternal& cancel) {
  HistoryEvent event = transition.NewEvent(enums::EVENT_TYPE_EXTERNAL_WORKFLOW_EXECUTION_CANCEL_REQUESTED);
  NameTarget(transition, *cancel.initiated,
             cancel.initiated->request_cancel_external_workflow_execution_initiated_event_attributes(),
             *event.mutable_external_workflow_execution_cancel_requested_event_attributes());
  return event;
}

HistoryEvent NewCancelFailed(const Transition& transition, const HistoryEvent& initiated,
                             enums::CancelExternalWorkflowExecutionFailedCause cause) {
  HistoryEvent event =
      transition.NewEvent(enums::EVENT_TYPE_REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_FAILED);
  auto& failed = *event.mutable_request_cancel_external_workflow_execution_failed_event_attributes();
  NameTarget(transition, initiated,
             initiated.request_cancel_external_workflow_execution_initiated_event_attributes(), failed);
  failed.set_cause(cause);
  return event;
}

}  // namespace perdure::engine::workflow
