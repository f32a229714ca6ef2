#include "engine/workflow/reset/reapply.h"

#include <utility>

#include "engine/workflow/messages/children.h"
#include "engine/workflow/run/signal.h"
#include "temporal/api/enums/v1/update.pb.h"
#include "temporal/api/update/v1/message.pb.h"

namespace perdure::engine::workflow {
namespace {

namespace enums = temporal::api::enums::v1;

void ReapplySignal(Transition& transition, const HistoryEvent& event) {
  HistoryEvent again = NewSignaled(transition);
  const auto& was = event.workflow_execution_signaled_event_attributes();
  auto& signaled = *again.mutable_workflow_execution_signaled_event_attributes();
  signaled.set_signal_name(was.signal_name());
  if (was.has_input()) *signaled.mutable_input() = was.input();
  signaled.set_identity(was.identity());
  if (was.has_header()) *signaled.mutable_header() = was.header();
  signaled.set_request_id(was.request_id());
  *again.mutable_links() = event.links();
  transition.Emit(std::move(again));
}

void ReapplyAsItWas(Transition& transition, const HistoryEvent& event) {
  HistoryEvent again = event;
  *again.mutable_event_time() = transition.NewEvent(event.event_type()).event_time();
  transition.Emit(std::move(again));
}

void ReapplyAttached(Transition& transition, const HistoryEvent& event) {
  const auto& updated = event.workflow_execution_options_updated_event_attributes();
  const bool known = transition.state().start_request_ids->contains(updated.attached_request_id());
  if (!known) ReapplyAsItWas(transition, event);
}

// What became of a child, unless that was initiated after the point. `ended`: of an end, where its Started
// has another id now.
template <typename Attributes>
void ReapplyChild(Transition& transition, const HistoryEvent& event,
                  Attributes* (HistoryEvent::*attributes)()) {
  HistoryEvent again = transition.NewEvent(event.event_type());
  Attributes& outcome = *(again.*attributes)();
  HistoryEvent was = event;
  outcome = std::move(*(was.*attributes)());
  const auto child = transition.state().children->find(outcome.initiated_event_id());
  if (child == transition.state().children->end()) return;
  if constexpr (requires { outcome.set_started_event_id(0); }) {
    outcome.set_started_event_id(child->second.started_event_id);
  }
  transition.Emit(std::move(again));
}

// An update that was admitted, or accepted without that event, is to be decided on again.
void ReapplyUpdate(Transition& transition, const temporal::api::update::v1::Request& request,
                   enums::UpdateAdmittedEventOrigin origin) {
  if (transition.state().updates->contains(request.meta().update_id())) return;
  HistoryEvent event = transition.NewEvent(enums::EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ADMITTED);
  auto& admitted = *event.mutable_workflow_execution_update_admitted_event_attributes();
  *admitted.mutable_request() = request;
  admitted.set_origin(origin);
  transition.Emit(std::move(event));
}

void ReapplyUpdate(Transition& transition, const HistoryEvent& event) {
  if (event.has_workflow_execution_update_admitted_event_attributes()) {
    const auto& admitted = event.workflow_execution_update_admitted_event_attributes();
    return ReapplyUpdate(transition, admitted.request(), admitted.origin());
  }
  const auto& accepted = event.workflow_execution_update_accepted_event_attributes();
  if (!accepted.has_accepted_request()) return;  // it was admitted before
  ReapplyUpdate(transition, accepted.accepted_request(), enums::UPDATE_ADMITTED_EVENT_ORIGIN_REAPPLY);
}

bool IsWaitedFor(const State& state, const HistoryEvent& event) {
  const auto child =
      state.children->find(event.child_workflow_execution_started_event_attributes().initiated_event_id());
  return child != state.children->end() && !child->second.started;
}

void ReapplyOutcomeOfExternal(Transition& transition, const HistoryEvent& event, bool pending) {
  if (pending) ReapplyAsItWas(transition, event);
}

bool ReapplyExternal(Transition& transition, const HistoryEvent& event) {
  const State& state = transition.state();
  switch (event.attributes_case()) {
    case HistoryEvent::kExternalWorkflowExecutionSignaledEventAttributes:
      ReapplyOutcomeOfExternal(
          transition, event,
          state.external_signals->contains(
              event.external_workflow_execution_signaled_event_attributes().initiated_event_id()));
      return true;
    case HistoryEvent::kSignalExternalWorkflowExecutionFailedEventAttributes:
      ReapplyOutcomeOfExternal(
          transition, event,
          state.external_signals->contains(
              event.signal_external_workflow_execution_failed_event_attributes().initiated_event_id()));
      return true;
    case HistoryEvent::kExternalWorkflowExecutionCancelRequestedEventAttributes:
      ReapplyOutcomeOfExternal(
          transition, event,
          state.external_cancels->contains(
              event.external_workflow_execution_cancel_requested_event_attributes().initiated_event_id()));
      return true;
    case HistoryEvent::kRequestCancelExternalWorkflowExecutionFailedEventAttributes:
      ReapplyOutcomeOfExternal(transition, event,
                               state.external_cancels->contains(
                                   event.request_cancel_external_workflow_execution_failed_event_attributes()
                                       .initiated_event_id()));
      return true;
    default:
      return false;
  }
}

}  // namespace

NotReapplied NotReappliedOf(const api::ResetWorkflowExecutionRequest& request) {
  bool signals = request.reset_reapply_type() == enums::RESET_REAPPLY_TYPE_NONE;
  bool updates = signals || request.reset_reapply_type() == enums::RESET_REAPPLY_TYPE_SIGNAL;
  bool nexus = false;
  bool cancels = false;
  for (const int type : request.reset_reapply_exclude_types()) {
    signals = signals || type == enums::RESET_REAPPLY_EXCLUDE_TYPE_SIGNAL;
    updates = updates || type == enums::RESET_REAPPLY_EXCLUDE_TYPE_UPDATE;
    nexus = nexus || type == enums::RESET_REAPPLY_EXCLUDE_TYPE_NEXUS;
    cancels = cancels || type == enums::RESET_REAPPLY_EXCLUDE_TYPE_CANCEL_REQUEST;
  }
  return {.signals = signals, .updates = updates, .everything = signals && updates && nexus && cancels};
}

void Reapply(Transition& transition, const HistoryEvent& event, const NotReapplied& unwanted) {
  if (ReapplyExternal(transition, event) || unwanted.everything) return;
  switch (event.attributes_case()) {
    case HistoryEvent::kWorkflowExecutionSignaledEventAttributes:
      if (!unwanted.signals) ReapplySignal(transition, event);
      return;
    case HistoryEvent::kWorkflowExecutionUpdateAdmittedEventAttributes:
    case HistoryEvent::kWorkflowExecutionUpdateAcceptedEventAttributes:
      if (!unwanted.updates) ReapplyUpdate(transition, event);
      return;
    case HistoryEvent::kWorkflowExecutionOptionsUpdatedEventAttributes:
      return ReapplyAttached(transition, event);
    case HistoryEvent::kStartChildWorkflowExecutionFailedEventAttributes:
      return ReapplyChild(transition, event,
                          &HistoryEvent::mutable_start_child_workflow_execution_failed_event_attributes);
    case HistoryEvent::kChildWorkflowExecutionStartedEventAttributes:
      if (IsWaitedFor(transition.state(), event)) ReapplyAsItWas(transition, event);
      return;
    case HistoryEvent::kChildWorkflowExecutionCompletedEventAttributes:
      return ReapplyChild(transition, event,
                          &HistoryEvent::mutable_child_workflow_execution_completed_event_attributes);
    case HistoryEvent::kChildWorkflowExecutionFailedEventAttributes:
      return ReapplyChild(transition, event,
                          &HistoryEvent::mutable_child_workflow_execution_failed_event_attributes);
    case HistoryEvent::kChildWorkflowExecutionCanceledEventAttributes:
      return ReapplyChild(transition, event,
                          &HistoryEvent::mutable_child_workflow_execution_canceled_event_attributes);
    case HistoryEvent::kChildWorkflowExecutionTimedOutEventAttributes:
      return ReapplyChild(transition, event,
                          &HistoryEvent::mutable_child_workflow_execution_timed_out_event_attributes);
    case HistoryEvent::kChildWorkflowExecutionTerminatedEventAttributes:
      return ReapplyChild(transition, event,
                          &HistoryEvent::mutable_child_workflow_execution_terminated_event_attributes);
    default:  // nothing else comes from outside
      return;
  }
}

}  // namespace perdure::engine::workflow
