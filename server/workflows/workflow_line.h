// Workflows in the registry of kinds.
#pragma once

#include <memory>

#include "engine/workflow/calls/workflow_wire.h"
#include "engine/workflow/workflow_entity.h"
#include "server/history/entity_kinds.h"
#include "server/workflows/workflow_inspector.h"
#include "server/workflows/workflow_metrics.h"

namespace perdure::server {

inline EntityKind WorkflowLine() {
  return {std::make_shared<engine::workflow::WorkflowKind>(),
          [](Metrics& metrics) { return std::make_unique<WorkflowMetrics>(metrics); },
          std::make_shared<engine::workflow::WorkflowCallWire>(), std::make_shared<WorkflowInspector>()};
}

}  // namespace perdure::server
