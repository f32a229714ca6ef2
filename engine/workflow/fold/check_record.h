// Whether what a stored record says can be true. The store may be damaged, or written by a release that this
// one does not know; what passes these checks can be folded, and gives a state that a snapshot can hold.
//
// Each returns what is wrong, or "".
#pragma once

#include <string_view>

#include "engine/workflow/state.h"
#include "perdure/record.pb.h"
#include "temporal/api/history/v1/message.pb.h"

namespace perdure::engine::workflow {

// `event` as the next one of the history. REQUIRES: its id is state.next_event_id.
std::string_view WrongWithEvent(const State& state, const temporal::api::history::v1::HistoryEvent& event);

// `change` as the next step. REQUIRES: it is made at state.next_event_id.
std::string_view WrongWithChange(const State& state, const perdure::engine::Change& change);

// What its row says of the change (change_table.h), when it may be made at all.
namespace check_change {

using perdure::engine::Change;

std::string_view RunCreated(const State& state, const Change& change);
std::string_view RunClosed(const State& state, const Change& change);
std::string_view RequestSeen(const State& state, const Change& change);
std::string_view UpdateRejected(const State& state, const Change& change);
std::string_view WorkflowTaskPending(const State& state, const Change& change);
std::string_view TransientWorkflowTaskStarted(const State& state, const Change& change);
std::string_view EventBuffered(const State& state, const Change& change);
std::string_view BufferFlushed(const State& state, const Change& change);
std::string_view BufferedEventDropped(const State& state, const Change& change);
std::string_view ActivityStarted(const State& state, const Change& change);
std::string_view ActivityHeartbeat(const State& state, const Change& change);
std::string_view ActivityStartReturned(const State& state, const Change& change);
std::string_view ActivityRetry(const State& state, const Change& change);
std::string_view MessageMinted(const State& state, const Change& change);
std::string_view ReportSettled(const State& state, const Change& change);
std::string_view MessageReceived(const State& state, const Change& change);
// reset/apply_reset.cc
std::string_view RunDeleted(const State& state, const Change& change);
std::string_view RunReset(const State& state, const Change& change);
std::string_view RunRewound(const State& state, const Change& change);

}  // namespace check_change

// At the end of a record.
std::string_view WrongWithState(const State& state);

}  // namespace perdure::engine::workflow
