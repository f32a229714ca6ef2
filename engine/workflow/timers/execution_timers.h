// Timers of the run itself: its timeouts and the end of its start delay. Called by FireTimers.
#pragma once

#include <optional>

#include "absl/time/time.h"
#include "engine/workflow/timers/deadline.h"
#include "engine/workflow/transition.h"

namespace perdure::engine::workflow {

// Closes the run when its run or execution timeout is due, else schedules its first task when the start delay
// is over.
void FireExecutionTimers(Transition& transition);
// True while the first workflow task waits for the end of the start delay.
bool IsDelayed(const State& state, absl::Time now);
std::optional<Deadline> NextExecutionTimer(const State& state);

}  // namespace perdure::engine::workflow
