// Checks of one run's log that FoldUntil gives for each event what a fresh run with that history has: the
// same from the whole log, from the rows that compaction leaves, and from a log that never held anything
// else; and after each step the same in all that events say as the run itself.
//
// Not thread-safe. Uses Catch2's REQUIRE: only inside a test case.
#pragma once

#include <vector>

#include "engine/workflow/workflow.h"

namespace perdure::engine::workflow::testing {

class EachEvent {
 public:
  // `records` are those of a step, and `whole` is what the whole log folds to. Of long logs only some events
  // are checked.
  void Add(const std::vector<Record>& records, const State& whole);

 private:
  // Takes the record's events into the fresh run, one after the other.
  void AddRecord(const Record& record);
  void Check(int64_t event_id, const State& fresh) const;

  std::vector<Record> log_;
  std::vector<Record> compacted_;  // without the rows that hold no event
  State fresh_;                    // a record an event, and what changes say of the events
};

// `compacted` is folded from events, or from the records with events alone; `whole` from all.
void RequireSameByEvents(const State& compacted, const State& whole);

}  // namespace perdure::engine::workflow::testing
