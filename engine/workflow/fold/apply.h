// Folding: how each event and each change moves the state. The same functions serve Decide (through
// Transition) and recovery (through workflow::Apply), so that both give the same state. What they do for a
// kind never changes once released.
//
// Every function is total: it trusts its input to be a valid next step and checks invariants with
// PERDURE_CHECK.
#pragma once

#include "engine/workflow/state.h"
#include "perdure/record.pb.h"
#include "temporal/api/history/v1/message.pb.h"

namespace perdure::engine::workflow {

// Advances next_event_id, history size and last event time, and does what the event's row says
// (event_table.h). A row's fold is called twice with an event that was buffered: when it arrives, its id
// still 0, and when it is flushed and has its id. So what it does can be repeated; only the count of signals
// is taken back by the flush. A fold of rows with events alone sees the second call only.
void ApplyEvent(State& state, const EventPtr& event, size_t framed_bytes);
// Does what the change's row says (change_table.h).
void ApplyChange(State& state, const perdure::engine::Change& change);

// One function a type of event; the rows of event_table.h name them.
namespace fold {

void Nothing(State& state, const EventPtr& event);
// apply_execution.cc
void ExecutionStarted(State& state, const EventPtr& event);
void ExecutionCompleted(State& state, const EventPtr& event);
void ExecutionFailed(State& state, const EventPtr& event);
void ExecutionTimedOut(State& state, const EventPtr& event);
void ExecutionCanceled(State& state, const EventPtr& event);
void ExecutionTerminated(State& state, const EventPtr& event);
void ExecutionContinuedAsNew(State& state, const EventPtr& event);
void ExecutionSignaled(State& state, const EventPtr& event);
void ExecutionCancelRequested(State& state, const EventPtr& event);
void ExecutionOptionsUpdated(State& state, const EventPtr& event);
void PropertiesModified(State& state, const EventPtr& event);
void SearchAttributesUpserted(State& state, const EventPtr& event);
// apply_updates.cc
void UpdateAdmitted(State& state, const EventPtr& event);
void UpdateAccepted(State& state, const EventPtr& event);
void UpdateCompleted(State& state, const EventPtr& event);
// apply_workflow_task.cc
void WorkflowTaskScheduled(State& state, const EventPtr& event);
void WorkflowTaskStarted(State& state, const EventPtr& event);
void WorkflowTaskCompleted(State& state, const EventPtr& event);
void WorkflowTaskFailed(State& state, const EventPtr& event);
void WorkflowTaskTimedOut(State& state, const EventPtr& event);
// apply_activity.cc
void ActivityScheduled(State& state, const EventPtr& event);
void ActivityStarted(State& state, const EventPtr& event);
void ActivityCompleted(State& state, const EventPtr& event);
void ActivityFailed(State& state, const EventPtr& event);
void ActivityTimedOut(State& state, const EventPtr& event);
void ActivityCancelRequested(State& state, const EventPtr& event);
void ActivityCanceled(State& state, const EventPtr& event);
// apply_timer.cc
void TimerStarted(State& state, const EventPtr& event);
void TimerFired(State& state, const EventPtr& event);
void TimerCanceled(State& state, const EventPtr& event);

// apply_children.cc
void ChildInitiated(State& state, const EventPtr& event);
void ChildStartFailed(State& state, const EventPtr& event);
void ChildStarted(State& state, const EventPtr& event);
void ChildCompleted(State& state, const EventPtr& event);
void ChildFailed(State& state, const EventPtr& event);
void ChildCanceled(State& state, const EventPtr& event);
void ChildTimedOut(State& state, const EventPtr& event);
void ChildTerminated(State& state, const EventPtr& event);
// apply_externals.cc
void SignalInitiated(State& state, const EventPtr& event);
void SignalFailed(State& state, const EventPtr& event);
void ExternalSignaled(State& state, const EventPtr& event);
void CancelInitiated(State& state, const EventPtr& event);
void CancelFailed(State& state, const EventPtr& event);
void ExternalCancelRequested(State& state, const EventPtr& event);

}  // namespace fold

// One function a kind of change; the rows of change_table.h name them.
namespace fold_change {

using perdure::engine::Change;

// apply.cc
void EventBuffered(State& state, const Change& change);
void BufferFlushed(State& state, const Change& change);
void BufferedEventDropped(State& state, const Change& change);
// apply_execution.cc
void RunCreated(State& state, const Change& change);
void RunClosed(State& state, const Change& change);
void RequestSeen(State& state, const Change& change);
// apply_updates.cc
void UpdateRejected(State& state, const Change& change);
// apply_workflow_task.cc
void WorkflowTaskPending(State& state, const Change& change);
void TransientWorkflowTaskStarted(State& state, const Change& change);
void StickyTaskQueueSet(State& state, const Change& change);
// apply_activity.cc
void ActivityStarted(State& state, const Change& change);
void ActivityHeartbeat(State& state, const Change& change);
void ActivityStartReturned(State& state, const Change& change);
void ActivityRetry(State& state, const Change& change);
// apply_children.cc
void MessageMinted(State& state, const Change& change);
void ChildReleased(State& state, const Change& change);
void ChildrenSettled(State& state, const Change& change);
void ReportSettled(State& state, const Change& change);
void RunReleased(State& state, const Change& change);
// inbox.cc
void MessageReceived(State& state, const Change& change);
void InboxDropped(State& state, const Change& change);
// reset/apply_reset.cc
void RunDeleted(State& state, const Change& change);
void RunReset(State& state, const Change& change);
void RunRewound(State& state, const Change& change);

}  // namespace fold_change

// What a run that has just closed owes others no more: signals and cancels, children of its last task, which
// nobody has heard of, and those that go on without it. apply_children.cc
void ForgetAtClose(State& state);

}  // namespace perdure::engine::workflow
