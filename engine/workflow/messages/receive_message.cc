#include "engine/workflow/handle.h"
#include "engine/workflow/messages/children.h"
#include "engine/workflow/messages/inbox.h"
#include "engine/workflow/messages/messages.h"
#include "engine/workflow/workflow.h"

#include "base/time.h"

namespace perdure::engine::workflow {
namespace {

MessageAnswer Receive(Transition& transition, const Message& message) {
  switch (message.body_case()) {
    case Message::kChildRelease:
      return ReceiveChildRelease(transition);
    case Message::kChildAsk:
      return ReceiveChildAsk(transition.state(), message);
    case Message::kChildEnded:
      return ReceiveChildEnded(transition, message);
    case Message::kChildCheck:
      return ReceiveChildCheck(transition.state());
    case Message::kParentClosed:
      return ReceiveParentClosed(transition, message);
    case Message::kExternalSignal:
      return ReceiveExternalSignal(transition, message);
    case Message::kExternalCancel:
      return ReceiveExternalCancel(transition, message);
    case Message::kSettled:
      TakeSettled(transition, message.settled());
      return DoneAnswer();
    case Message::kInboxAsk:
      return ReceiveInboxAsk(transition.state(), message.inbox_ask());
    case Message::kChildStart:  // begins a run: DecideChildStart
    case Message::BODY_NOT_SET:
      return RefusedAnswer(MessageAnswer::Refused::NOT_FOUND);
  }
  return RefusedAnswer(MessageAnswer::Refused::NOT_FOUND);
}

}  // namespace

absl::StatusOr<Reply> Handle(Transition& transition, const ReceiveMessage& request) {
  const Message& message = request.message;
  // The target is resolved by the decision that applies the message, not by whoever found the run.
  if (!IsMeant(transition.state(), message.target())) return Reply(AnswerOfNobody(message));
  return Reply(Receive(transition, message));
}

bool IsMeant(const State& state, const perdure::engine::Target& target) {
  using perdure::engine::Target;
  if (target.id() != state.facts->workflow_id) return false;
  switch (target.run_case()) {
    case Target::kRunId:
      return target.run_id() == state.facts->run_id.View();
    case Target::kFirstRunId:
      return Uuid::FromBytes(target.first_run_id()) == Uuid::Parse(FirstRunIdOf(state));
    case Target::kOriginalRunId:
      return Uuid::FromBytes(target.original_run_id()) == Uuid::Parse(OriginalRunIdOf(state));
    case Target::kCurrent:
    case Target::RUN_NOT_SET:
      return true;
  }
  return false;
}

MessageAnswer AnswerOfNobody(const Message& message) {
  MessageAnswer answer;
  switch (message.body_case()) {
    case Message::kChildRelease:
    case Message::kSettled:
      answer.mutable_done();
      break;
    case Message::kChildAsk:
      answer.mutable_done()->mutable_child_asked()->set_verdict(MessageAnswer::ChildAsked::NOT_YOURS);
      break;
    case Message::kChildEnded:
      answer.mutable_done()->mutable_not_pending();
      break;
    case Message::kChildCheck:
      answer.mutable_done()->mutable_child_checked()->set_verdict(MessageAnswer::ChildChecked::NO_SUCH);
      break;
    case Message::kParentClosed:
      answer.mutable_done()->mutable_no_such();
      break;
    case Message::kInboxAsk:
      answer.mutable_done()->mutable_inbox_asked();
      break;
    case Message::kChildStart:
    case Message::kExternalSignal:
    case Message::kExternalCancel:
    case Message::BODY_NOT_SET:
      answer.mutable_refused()->set_cause(MessageAnswer::Refused::NOT_FOUND);
      break;
  }
  return answer;
}

MessageAnswer DoneAnswer() {
  MessageAnswer answer;
  answer.mutable_done();
  return answer;
}

MessageAnswer RefusedAnswer(MessageAnswer::Refused::Cause cause) {
  MessageAnswer answer;
  answer.mutable_refused()->set_cause(cause);
  return answer;
}

MessageAnswer LaterAnswer(absl::Duration delay) {
  MessageAnswer answer;
  *answer.mutable_later()->mutable_delay() = ToProto(delay);
  return answer;
}

}  // namespace perdure::engine::workflow
