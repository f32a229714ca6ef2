// The namespace that a command names: of a child, or of what is signalled or asked to cancel.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "engine/entity.h"
#include "engine/workflow/commands/command.h"

namespace perdure::engine::workflow {

// NOT_FOUND when there is no such namespace: then the completion is refused as a whole, and its workflow task
// runs on. An empty name is the run's own namespace.
absl::StatusOr<Uuid> TargetNamespace(const Context& context, const std::string& name);

// Commands into another namespace are refused unless the server is set to allow them.
CommandResult CheckNamespace(const Context& context, const Uuid& target,
                             temporal::api::enums::v1::WorkflowTaskFailedCause cause);

// As the handler of a command answers TargetNamespace's error.
CommandFailure RefusesCompletion(absl::Status why);

}  // namespace perdure::engine::workflow
