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

// At the end of a record.
std::string_view WrongWithState(const State& state);

}  // namespace perdure::engine::workflow
