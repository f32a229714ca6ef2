// What can still be done with a run whose log cannot be folded, because it is damaged or of a release that
// this one does not know: it can be ended, and its workflow id can be started again.
//
// Pure functions; safe anywhere.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "base/ids.h"
#include "engine/workflow/state.h"

namespace perdure::engine::workflow {

// What the store tells without the fold.
struct Remains {
  Uuid namespace_id;
  std::string workflow_id;
  Uuid run_id;
  // The longest beginning of the log that folds; nullopt when not even the first event does.
  std::optional<State> folded;
  temporal::api::enums::v1::WorkflowExecutionStatus status =
      temporal::api::enums::v1::WORKFLOW_EXECUTION_STATUS_UNSPECIFIED;
  std::string workflow_type;
  std::string task_queue;
  absl::Time start_time;
  std::optional<absl::Time> close_time;
  // Of the whole log.
  int64_t next_event_id = 2;
  int64_t last_sequence = 1;
  int64_t history_size_bytes = 0;
};

// A state that Terminate and DecideStart take; nothing else must be asked of it. It owes the world nothing
// and waits for nothing: its workflow task, activities, timers and buffered events are left out. Of a closed
// run it lacks the last event, so that no snapshot can be made of it.
State Salvage(Remains remains);

}  // namespace perdure::engine::workflow
