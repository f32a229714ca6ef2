// The event that closed a run, as clients are shown it who wait for a workflow's result and know only one way
// in which a run is followed by another: continue-as-new. Others say in their headers that they follow the
// run that any close event names. As the real server has it. Pure functions; safe anywhere.
#pragma once

#include <string>
#include <string_view>

namespace perdure::server {

// The request header in which clients say what they can do, and what is looked for there.
inline constexpr std::string_view kSupportedFeatures = "supported-features";
bool FollowsNextRun(std::string_view supported_features);

// `framed` holds one event, as field 1 of temporal.api.history.v1.History. One that names a next run comes
// back as WorkflowExecutionContinuedAsNew, any other as it is.
std::string AsContinuedAsNew(std::string framed);

}  // namespace perdure::server
