// Which timeout of an activity comes first. Pure function; safe anywhere.
#pragma once

#include "engine/workflow/state.h"
#include "temporal/api/enums/v1/workflow.pb.h"

namespace perdure::engine::workflow {

// As the activity is now; UNSPECIFIED when it has none.
temporal::api::enums::v1::TimeoutType FirstTimeout(const Activity& activity);

}  // namespace perdure::engine::workflow
