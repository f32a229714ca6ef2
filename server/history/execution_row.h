// The row by which lists and counts see a run. Pure; safe anywhere.
#pragma once

#include "engine/entity.h"
#include "persistence/batch.h"

namespace perdure::server {

// `current`: whether the run holds its id.
persistence::ExecutionRow MakeExecutionRow(const engine::Entity& entity, bool current);

}  // namespace perdure::server
