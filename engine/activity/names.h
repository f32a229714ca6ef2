// Words of errors that clients get.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "engine/activity/state.h"

namespace perdure::engine::activity {

// "PauseRequested" of PAUSE_REQUESTED.
std::string NameOf(ActivityControl::Status status);

absl::Status FailedPrecondition(const std::string& message);

}  // namespace perdure::engine::activity
