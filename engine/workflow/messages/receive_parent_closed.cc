// A parent has closed: what becomes of its child.

#include <utility>

#include "engine/workflow/messages/children.h"
#include "engine/workflow/messages/inbox.h"
#include "engine/workflow/messages/messages.h"
#include "engine/workflow/run/cancel.h"
#include "engine/workflow/run/close.h"
#include "engine/workflow/workflow.h"
#include "engine/workflow/workflow_tasks/workflow_task.h"

namespace perdure::engine::workflow {
namespace {

namespace enums = temporal::api::enums::v1;

const WorkflowExecution& ParentOf(const State& state) {
  return state.facts->started->workflow_execution_started_event_attributes().parent_workflow_execution();
}

}  // namespace

void EndAsParentSays(Transition& transition, enums::ParentClosePolicy policy) {
  const State& state = transition.state();
  if (!state.IsOpen()) return;
  switch (policy) {
    case enums::PARENT_CLOSE_POLICY_ABANDON:
      return ReleaseRun(transition);
    case enums::PARENT_CLOSE_POLICY_REQUEST_CANCEL:
      ReleaseRun(transition);
      return TakeCancel(transition, {.identity = std::string(kHistoryService),
                                     .request_id = {},
                                     .reason = {},
                                     .sender = &ParentOf(state),
                                     .initiated_event_id = 0,
                                     .links = nullptr});
    case enums::PARENT_CLOSE_POLICY_TERMINATE:
    case enums::PARENT_CLOSE_POLICY_UNSPECIFIED:
    default:
      return ForceClose(transition, NewTerminated(transition, "by parent close policy", kHistoryService));
  }
}

MessageAnswer ReceiveParentClosed(Transition& transition, const Message& message) {
  const auto& closed = message.parent_closed();
  const State& state = transition.state();
  // Its id may belong to a run that is nobody's child, or another one's.
  if (!HasParent(state) || closed.parent_original_run_id() != state.facts->parent_original_run_id.View()) {
    return AnswerOfNobody(message);
  }
  if (!state.IsOpen() || IsInInbox(state, message)) return DoneAnswer();
  const bool cancels = closed.policy() == enums::PARENT_CLOSE_POLICY_REQUEST_CANCEL;
  EndAsParentSays(transition, closed.policy());
  // A repeat must not reach the run that follows on this one.
  if (cancels) NoteReceived(transition, message);
  return DoneAnswer();
}

}  // namespace perdure::engine::workflow
