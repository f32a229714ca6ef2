#include "engine/activity/activity.h"

namespace perdure::engine::activity {

size_t ApproximateBytes(const State& state) {
  // What small messages cost beside their contents, guessed from SpaceUsedLong of typical ones.
  constexpr size_t kOverhead = 2500;
  return sizeof(State) + kOverhead + state.created->ByteSizeLong() + state.sections.ByteSizeLong();
}

absl::Time EarliestNow(const State& state) { return state.last_step_time; }

}  // namespace perdure::engine::activity
