// Settlements that make no event ride with the run's next record; where none comes for a while, they get one
// of their own. Called by FireTimers.
#pragma once

#include <optional>

#include "engine/workflow/state.h"
#include "engine/workflow/timers/deadline.h"
#include "engine/workflow/transition.h"

namespace perdure::engine::workflow {

void FireRide(Transition& transition);
std::optional<Deadline> NextRide(const State& state);

}  // namespace perdure::engine::workflow
