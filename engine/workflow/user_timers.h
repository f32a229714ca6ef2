// User timers, as FireTimers fires them (user_timers.cc).
#pragma once

#include <optional>

#include "absl/time/time.h"
#include "engine/workflow/state.h"
#include "engine/workflow/transition.h"

namespace perdure::engine::workflow {

void FireUserTimers(Transition& transition);
std::optional<absl::Time> NextUserTimer(const State& state);

}  // namespace perdure::engine::workflow
