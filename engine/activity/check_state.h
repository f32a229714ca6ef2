// Whether a state that was read can be one. The store may be damaged, or written by a release that this one
// does not know; what passes is a state that every rule can be asked of.
#pragma once

#include <string_view>

#include "engine/activity/state.h"

namespace perdure::engine::activity {

// What is wrong with it, or "".
std::string_view WrongWithState(const State& state);

}  // namespace perdure::engine::activity
