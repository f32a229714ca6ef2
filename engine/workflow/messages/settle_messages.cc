// What became of messages that a run owes.

#include <utility>
#include <vector>

#include "engine/workflow/handle.h"
#include "engine/workflow/messages/children.h"
#include "engine/workflow/messages/inbox.h"
#include "engine/workflow/messages/messages.h"
#include "engine/workflow/workflow_tasks/workflow_task.h"

namespace perdure::engine::workflow {
namespace {

namespace enums = temporal::api::enums::v1;

enums::StartChildWorkflowExecutionFailedCause StartCause(const MessageAnswer& answer) {
  switch (answer.refused().cause()) {
    case MessageAnswer::Refused::NAMESPACE_NOT_FOUND:
      return enums::START_CHILD_WORKFLOW_EXECUTION_FAILED_CAUSE_NAMESPACE_NOT_FOUND;
    case MessageAnswer::Refused::BAD_VERSIONING_OVERRIDE:
      return enums::START_CHILD_WORKFLOW_EXECUTION_FAILED_CAUSE_INVALID_VERSIONING_OVERRIDE;
    default:
      return enums::START_CHILD_WORKFLOW_EXECUTION_FAILED_CAUSE_WORKFLOW_ALREADY_EXISTS;
  }
}

enums::SignalExternalWorkflowExecutionFailedCause SignalCause(const MessageAnswer& answer) {
  switch (answer.refused().cause()) {
    case MessageAnswer::Refused::NAMESPACE_NOT_FOUND:
      return enums::SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_FAILED_CAUSE_NAMESPACE_NOT_FOUND;
    case MessageAnswer::Refused::SIGNAL_LIMIT:
      return enums::SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_FAILED_CAUSE_SIGNAL_COUNT_LIMIT_EXCEEDED;
    default:
      return enums::SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_FAILED_CAUSE_EXTERNAL_WORKFLOW_EXECUTION_NOT_FOUND;
  }
}

enums::CancelExternalWorkflowExecutionFailedCause CancelCause(const MessageAnswer& answer) {
  return answer.refused().cause() == MessageAnswer::Refused::NAMESPACE_NOT_FOUND
             ? enums::CANCEL_EXTERNAL_WORKFLOW_EXECUTION_FAILED_CAUSE_NAMESPACE_NOT_FOUND
             : enums::CANCEL_EXTERNAL_WORKFLOW_EXECUTION_FAILED_CAUSE_EXTERNAL_WORKFLOW_EXECUTION_NOT_FOUND;
}

void SettleChildStart(Transition& transition, const MessageOutcome& outcome) {
  const State& state = transition.state();
  const auto found = state.children->find(outcome.key.number);
  if (!state.IsOpen() || found == state.children->end() || found->second.started) return;
  transition.EmitOrBuffer(outcome.answer.has_done()
                              ? NewChildStarted(transition, found->second)
                              : NewChildStartFailed(transition, found->second, StartCause(outcome.answer)));
  ScheduleWorkflowTask(transition);
}

void SettleChildRelease(Transition& transition, const MessageOutcome& outcome) {
  const State& state = transition.state();
  const auto found = state.children->find(outcome.key.number);
  if (!state.IsOpen() || found == state.children->end() || found->second.released) return;
  const auto& checked = outcome.answer.done().child_checked();
  if (checked.verdict() == MessageAnswer::ChildChecked::ENDED) {
    if (auto ended = NewChildEnded(transition, found->second, checked.ended())) {
      transition.EmitOrBuffer(*std::move(ended));
      return ScheduleWorkflowTask(transition);
    }
  }
  transition.RideRelease(outcome.key.number);
}

void SettleSignal(Transition& transition, const MessageOutcome& outcome) {
  const auto found = transition.state().external_signals->find(outcome.key.number);
  if (found == transition.state().external_signals->end()) return;
  transition.EmitOrBuffer(outcome.answer.has_done() ? NewExternalSignaled(transition, found->second)
                                                    : NewSignalFailed(transition, *found->second.initiated,
                                                                      SignalCause(outcome.answer)));
  ScheduleWorkflowTask(transition);
}

void SettleCancel(Transition& transition, const MessageOutcome& outcome) {
  const auto found = transition.state().external_cancels->find(outcome.key.number);
  if (found == transition.state().external_cancels->end()) return;
  transition.EmitOrBuffer(outcome.answer.has_done() ? NewExternalCancelRequested(transition, found->second)
                                                    : NewCancelFailed(transition, *found->second.initiated,
                                                                      CancelCause(outcome.answer)));
  ScheduleWorkflowTask(transition);
}

void SettleReport(Transition& transition) {
  const State& state = transition.state();
  if (state.IsOpen() || state.report_settled) return;
  perdure::engine::Change change;
  change.mutable_report_settled();
  transition.Change(std::move(change));
}

// What its parent says to an unreleased child.
void SettleChildAsk(Transition& transition, const MessageOutcome& outcome) {
  const State& state = transition.state();
  if (!state.IsOpen() || !state.unreleased) return;
  const auto& asked = outcome.answer.done().child_asked();
  switch (asked.verdict()) {
    case MessageAnswer::ChildAsked::YOURS_RECORDED:
      return ReleaseRun(transition);
    case MessageAnswer::ChildAsked::YOURS_NOT_RECORDED:
      return;  // the parent will say so; asked again until then
    case MessageAnswer::ChildAsked::CLOSED:
      return EndAsParentSays(transition, asked.policy());
    case MessageAnswer::ChildAsked::NOT_YOURS:
    case MessageAnswer::ChildAsked::VERDICT_UNSPECIFIED:
    default:
      return EndAsParentSays(transition, enums::PARENT_CLOSE_POLICY_TERMINATE);
  }
}

void Settle(Transition& transition, const MessageOutcome& outcome, std::vector<int64_t>& told) {
  switch (outcome.key.type) {
    case Message::kChildStart:
      return SettleChildStart(transition, outcome);
    case Message::kChildRelease:
      return SettleChildRelease(transition, outcome);
    case Message::kChildAsk:
      return SettleChildAsk(transition, outcome);
    case Message::kChildEnded:
      return SettleReport(transition);
    case Message::kParentClosed:
      if (!transition.state().IsOpen() && transition.state().children->contains(outcome.key.number)) {
        told.push_back(outcome.key.number);
      }
      return;
    case Message::kExternalSignal:
      return SettleSignal(transition, outcome);
    case Message::kExternalCancel:
      return SettleCancel(transition, outcome);
    case Message::kInboxAsk:
      return DropNotOwed(transition, outcome.key.origin, outcome.answer.done().inbox_asked());
    case Message::kChildCheck:
    case Message::kSettled:
    case Message::BODY_NOT_SET:
      return;  // owed by no run
  }
}

}  // namespace

absl::StatusOr<Reply> Handle(Transition& transition, const SettleMessages& request) {
  std::vector<int64_t> told;
  for (const MessageOutcome& outcome : request.outcomes) {
    const bool settles = outcome.answer.has_done() || outcome.answer.has_refused();
    if (settles) Settle(transition, outcome, told);
  }
  if (!told.empty()) {
    perdure::engine::Change change;
    for (const int64_t id : told) change.mutable_children_settled()->add_initiated_event_ids(id);
    transition.Change(std::move(change));
  }
  return Reply(Done{});
}

}  // namespace perdure::engine::workflow
