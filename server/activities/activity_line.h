// Activities on their own in the registry of kinds.
#pragma once

#include <memory>

#include "engine/activity/activity_entity.h"
#include "engine/activity/activity_wire.h"
#include "server/activities/activity_inspector.h"
#include "server/activities/activity_metrics.h"
#include "server/history/entity_kinds.h"

namespace perdure::server {

inline EntityKind ActivityLine() {
  return {std::make_shared<engine::activity::ActivityKind>(),
          [](Metrics& metrics) { return std::make_unique<ActivityMetrics>(metrics); },
          std::make_shared<engine::activity::ActivityCallWire>(), std::make_shared<ActivityInspector>()};
}

}  // namespace perdure::server
