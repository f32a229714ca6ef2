// What the parts of StartActivityExecution share.
#pragma once

#include "absl/status/status.h"
#include "engine/activity/activity.h"
#include "engine/activity/step.h"

namespace perdure::engine::activity {

using StartActivityRequest = api::StartActivityExecutionRequest;

// start_validation.cc: refuses what is wrong or not done yet, and fills in what was left open.
absl::Status NormalizeStart(StartActivityRequest& request, const NamespaceSettings& settings);

// The options of a normalized request.
ActivityOptions OptionsIn(const StartActivityRequest& request);

}  // namespace perdure::engine::activity
