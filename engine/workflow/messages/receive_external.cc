// Signals and cancels from other workflows.

#include "base/limits.h"
#include "engine/workflow/messages/children.h"
#include "engine/workflow/messages/inbox.h"
#include "engine/workflow/messages/messages.h"
#include "engine/workflow/run/cancel.h"
#include "engine/workflow/run/signal.h"
#include "engine/workflow/workflow.h"
#include "engine/workflow/workflow_tasks/workflow_task.h"

namespace perdure::engine::workflow {
namespace {

using Refused = MessageAnswer::Refused;

WorkflowExecution SenderOfExternal(const Message& message) {
  WorkflowExecution execution;
  execution.set_workflow_id(message.sender().id());
  execution.set_run_id(Uuid::FromBytes(message.sender().run_id()).value_or(Uuid{}).ToString());
  return execution;
}

// Whether a message that is for children alone comes from the run's parent.
bool IsFromParent(const State& state, const WorkflowExecution& sender) {
  const auto& parent =
      state.facts->started->workflow_execution_started_event_attributes().parent_workflow_execution();
  return sender.workflow_id() == parent.workflow_id() && sender.run_id() == parent.run_id();
}

MessageAnswer AnswerOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kInvalidArgument:
      return RefusedAnswer(Refused::SIGNAL_LIMIT);
    case absl::StatusCode::kResourceExhausted:
      return LaterAnswer(limits::kBusyRunDelay);
    default:
      return RefusedAnswer(Refused::NOT_FOUND);
  }
}

}  // namespace

MessageAnswer ReceiveExternalSignal(Transition& transition, const Message& message) {
  const State& state = transition.state();
  if (IsInInbox(state, message)) return DoneAnswer();
  const auto& body = message.external_signal();
  const auto& initiated = body.initiated().signal_external_workflow_execution_initiated_event_attributes();
  const absl::Status takes = CheckTakesSignal(state, initiated.input());
  if (!takes.ok()) return AnswerOf(takes);
  const WorkflowExecution sender = SenderOfExternal(message);
  if (body.child_workflow_only() && !IsFromParent(state, sender)) return RefusedAnswer(Refused::NOT_FOUND);
  if (IsInboxFull(state)) return LaterAnswer(limits::kFullInboxDelay);

  HistoryEvent event = NewSignaled(transition);
  auto* signaled = event.mutable_workflow_execution_signaled_event_attributes();
  signaled->set_signal_name(initiated.signal_name());
  if (initiated.has_input()) *signaled->mutable_input() = initiated.input();
  signaled->set_identity(std::string(kHistoryService));
  if (initiated.has_header()) *signaled->mutable_header() = initiated.header();
  signaled->set_request_id(body.request_id());
  *signaled->mutable_external_workflow_execution() = sender;
  NoteReceived(transition, message);
  TakeSignal(transition, std::move(event));
  return DoneAnswer();
}

MessageAnswer ReceiveExternalCancel(Transition& transition, const Message& message) {
  const State& state = transition.state();
  if (IsInInbox(state, message)) return DoneAnswer();
  if (state.deleted_at.has_value()) return AnswerOfNobody(message);
  // A run that has ended needs no cancel, whoever asks.
  if (!state.IsOpen()) return DoneAnswer();
  const auto& body = message.external_cancel();
  const auto& initiated =
      body.initiated().request_cancel_external_workflow_execution_initiated_event_attributes();
  const WorkflowExecution sender = SenderOfExternal(message);
  if (body.child_workflow_only() && !IsFromParent(state, sender)) return RefusedAnswer(Refused::NOT_FOUND);
  if (state.CancelRequested()) return DoneAnswer();
  if (IsInboxFull(state)) return LaterAnswer(limits::kFullInboxDelay);

  NoteReceived(transition, message);
  TakeCancel(transition, {.identity = std::string(kHistoryService),
                          .request_id = body.request_id(),
                          .reason = initiated.reason(),
                          .sender = &sender,
                          .initiated_event_id = body.initiated().event_id(),
                          .links = nullptr});
  return DoneAnswer();
}

}  // namespace perdure::engine::workflow
