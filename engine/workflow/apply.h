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

// Advances next_event_id, history size and last event time, and switches over the event's type.
// The family functions below are called twice with an event that was buffered: when it arrives, its id still
// 0, and when it is flushed and has its id. So what they do can be repeated; only the count of signals is
// taken back by the flush. A fold of rows with events alone sees the second call only.
void ApplyEvent(State& state, const EventPtr& event, size_t framed_bytes);
void ApplyChange(State& state, const perdure::engine::Change& change);

// One function an event family, each in its own .cc.
void ApplyWorkflowExecutionEvent(State& state, const EventPtr& event);  // apply_execution.cc
void ApplyWorkflowTaskEvent(State& state, const EventPtr& event);       // apply_workflow_task.cc
void ApplyActivityEvent(State& state, const EventPtr& event);           // apply_activity.cc
void ApplyTimerEvent(State& state, const EventPtr& event);              // apply_timer.cc

void ApplyWorkflowExecutionChange(State& state, const perdure::engine::Change& change);  // apply_execution.cc
void ApplyWorkflowTaskChange(State& state, const perdure::engine::Change& change);  // apply_workflow_task.cc
void ApplyActivityChange(State& state, const perdure::engine::Change& change);      // apply_activity.cc

}  // namespace perdure::engine::workflow
