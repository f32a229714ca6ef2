// The row by which lists and counts see a run. Pure; safe anywhere.
#pragma once

#include "engine/workflow/state.h"
#include "persistence/batch.h"

namespace perdure::server {

// `current`: whether the run holds its workflow id.
persistence::ExecutionRow MakeExecutionRow(const engine::workflow::State& state, bool current);

}  // namespace perdure::server
