// Every kind of timer that an open run can have, in one closed list: FireTimers and ObligationsOf read it.
#pragma once

#include <array>
#include <optional>

#include "absl/time/time.h"
#include "engine/workflow/activity.h"
#include "engine/workflow/execution_timers.h"
#include "engine/workflow/user_timers.h"
#include "engine/workflow/workflow_task.h"

namespace perdure::engine::workflow {

struct TimerKind {
  std::optional<absl::Time> (*next)(const State& state);  // the earliest one
  void (*fire)(Transition& transition);                   // all that are due
};

// Of kinds due at the same time, the first goes first.
inline constexpr std::array kTimerKinds = {
    TimerKind{NextWorkflowTaskTimeout, FireWorkflowTaskTimeouts},
    TimerKind{NextUserTimer, FireUserTimers},
    TimerKind{NextActivityTimeout, FireActivityTimeouts},
    TimerKind{NextExecutionTimer, FireExecutionTimers},
};

}  // namespace perdure::engine::workflow
