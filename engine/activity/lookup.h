// Whether a worker's call is about the attempt that runs.
#pragma once

#include "absl/status/status.h"
#include "engine/activity/state.h"
#include "perdure/token.pb.h"

namespace perdure::engine::activity {

inline bool IsById(const perdure::server::TaskToken& token) { return token.scheduled_event_id() == 0; }

// NOT_FOUND unless an attempt runs, and a token that names one names that.
absl::Status CheckAttempt(const State& state, const perdure::server::TaskToken& token);

}  // namespace perdure::engine::activity
