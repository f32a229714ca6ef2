#include "engine/activity/lookup.h"

#include "engine/activity/activity.h"

namespace perdure::engine::activity {

absl::Status CheckAttempt(const State& state, const perdure::server::TaskToken& token) {
  const ActivityAttempt& attempt = state.sections.attempt();
  const bool is_it = IsById(token) || (token.attempt() == attempt.number() &&
                                       token.start_nonce() == attempt.poll_request_id());
  return state.AttemptRuns() && is_it ? absl::OkStatus() : ActivityNotFound(state.created->activity_id());
}

}  // namespace perdure::engine::activity
