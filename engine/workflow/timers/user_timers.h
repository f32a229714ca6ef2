// User timers, as FireTimers fires them (user_timers.cc).
#pragma once

#include <optional>

#include "engine/workflow/state.h"
#include "engine/workflow/timers/deadline.h"
#include "engine/workflow/transition.h"

namespace perdure::engine::workflow {

void FireUserTimers(Transition& transition);
std::optional<Deadline> NextUserTimer(const State& state);

}  // namespace perdure::engine::workflow
