// What a step of an activity on its own says of it, as the observer of such activities gets it. Immutable.
#pragma once

#include <utility>
#include <vector>

#include "engine/activity_rules/activity_happening.h"
#include "engine/entity.h"

namespace perdure::engine::activity {

struct ActivityHappenings final : engine::Happenings {
  explicit ActivityHappenings(std::vector<ActivityHappening> list) : list(std::move(list)) {}
  const std::vector<ActivityHappening> list;  // in the order in which they were decided
};

}  // namespace perdure::engine::activity
