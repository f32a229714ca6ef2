// What is to be known of each kind of change, a row each: how it is folded, when it can be true, and whether
// it says more of an event. A kind is added here, and nowhere else is switched over kinds for these
// questions.
//
// Constant; safe from any thread. A row's meaning never changes once released: stored records depend on it.
#pragma once

#include <cstdint>
#include <string_view>

#include "engine/workflow/state.h"
#include "perdure/record.pb.h"

namespace perdure::engine::workflow {

// Of which event a change says what that does not say itself: it belongs to every history that holds the
// event, whatever else became of the run (FoldUntil).
enum class TellsOf { kNoEvent, kEventBefore, kEventAfter };

struct ChangeRow {
  perdure::engine::Change::KindCase kind;
  void (*fold)(State& state, const perdure::engine::Change& change);
  // What is wrong with it as the next step, or ""; null: nothing can be.
  std::string_view (*wrong)(const State& state, const perdure::engine::Change& change) = nullptr;
  // Only an open run has it. The others begin a run, close it, or settle what a closed one owes.
  bool of_open_run = true;
  // Null: of no event.
  TellsOf (*tells_of)(const perdure::engine::Change& change) = nullptr;
};

// Null for a kind that this release does not know.
const ChangeRow* FindChangeRow(perdure::engine::Change::KindCase kind);

// As people are shown it: the kind's field of perdure.engine.Change; "" when this release does not know it.
std::string_view NameOf(perdure::engine::Change::KindCase kind);

}  // namespace perdure::engine::workflow
