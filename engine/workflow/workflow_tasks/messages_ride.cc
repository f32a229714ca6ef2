// Settlements that make no event ride with the run's next record.

#include "engine/workflow/workflow_tasks/messages_ride.h"
#include "base/limits.h"

namespace perdure::engine::workflow {

std::optional<Deadline> NextRide(const State& state) {
  if (!state.riding_since.has_value()) return std::nullopt;
  return Deadline{*state.riding_since + limits::kSettlementRides, kAfterEvents};
}

void FireRide(Transition& transition) {
  const std::optional<Deadline> next = NextRide(transition.state());
  if (next.has_value() && next->at <= transition.now()) transition.RideAlong();
}

}  // namespace perdure::engine::workflow
