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
// An event that was buffered has its effect once, when it arrives: the family functions below are called with
// it then, its id still 0, and not again when it is flushed and gets its id (ApplyFlushedEvent, for the few
// effects that need the id).
void ApplyEvent(State& state, const EventPtr& event, size_t framed_bytes);
void ApplyChange(State& state, const perdure::engine::Change& change);

// One function an event family, each in its own .cc.
void ApplyWorkflowExecutionEvent(State& state, const EventPtr& event);  // apply_execution.cc
void ApplyWorkflowTaskEvent(State& state, const EventPtr& event);       // apply_workflow_task.cc
void ApplyActivityEvent(State& state, const EventPtr& event);           // apply_activity.cc
void ApplyTimerEvent(State& state, const EventPtr& event);              // apply_timer.cc

// What a buffered event could not do before it had its id. apply_execution.cc
void ApplyFlushedEvent(State& state, const EventPtr& event);

void ApplyWorkflowExecutionChange(State& state, const perdure::engine::Change& change);  // apply_execution.cc
void ApplyWorkflowTaskChange(State& state, const perdure::engine::Change& change);  // apply_workflow_task.cc
void ApplyActivityChange(State& state, const perdure::engine::Change& change);      // apply_activity.cc

}  // namespace perdure::engine::workflow
