#include "server/cli/server_kinds.h"

#include <string>

#include <fmt/format.h>

#include "server/activities/activity_line.h"
#include "server/workflows/workflow_line.h"

namespace perdure::server {

EntityKinds ServerKinds() { return EntityKinds({WorkflowLine(), ActivityLine()}); }

absl::StatusOr<const EntityKind*> KindNamed(const EntityKinds& kinds, std::string_view name) {
  std::string names;
  for (const EntityKind& line : kinds.lines()) {
    if (line.kind->name() == name) return &line;
    names += (names.empty() ? "" : ", ") + std::string(line.kind->name());
  }
  return absl::InvalidArgumentError(fmt::format("--kind: write one of {}", names));
}

}  // namespace perdure::server
