// What can still be done with an activity whose log cannot be folded: it can be ended, and its id can be
// started again.
//
// Pure functions; safe anywhere.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "engine/activity/state.h"

namespace perdure::engine::activity {

// What the store tells without the fold.
struct UnfoldableActivity {
  Uuid namespace_id;
  std::string activity_id;
  Uuid run_id;
  // The longest beginning of the log that folds; nullopt when not even the first record does.
  std::optional<State> folded;
  // As lists show it.
  temporal::api::enums::v1::ActivityExecutionStatus status =
      temporal::api::enums::v1::ACTIVITY_EXECUTION_STATUS_UNSPECIFIED;
  std::string activity_type;
  std::string task_queue;
  absl::Time start_time;
  std::optional<absl::Time> close_time;
  int64_t last_sequence = 1;  // of the whole log
};

// A state that Terminate, Delete and DecideStart take; nothing else must be asked of it. It owes the world
// nothing and waits for nothing.
State Salvage(UnfoldableActivity remains);

}  // namespace perdure::engine::activity
