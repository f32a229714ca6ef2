#include "engine/workflow/commands/target_namespace.h"

#include <utility>

#include "base/status.h"

namespace perdure::engine::workflow {

absl::StatusOr<Uuid> TargetNamespace(const Context& context, const std::string& name) {
  if (name.empty() || name == context.settings.name) return context.settings.id;
  std::optional<Uuid> id;
  if (context.namespaces != nullptr) id = context.namespaces->IdOf(name);
  if (!id.has_value()) return NamespaceNotFound(name);
  return *id;
}

CommandResult CheckNamespace(const Context& context, const Uuid& target,
                             temporal::api::enums::v1::WorkflowTaskFailedCause cause) {
  if (target == context.settings.id || context.cross_namespace_commands) return std::nullopt;
  return CommandFailure{cause, "cross namespace commands are not allowed"};
}

CommandFailure RefusesCompletion(absl::Status why) {
  CommandFailure failure{temporal::api::enums::v1::WORKFLOW_TASK_FAILED_CAUSE_UNSPECIFIED, {}};
  failure.refuses_completion = std::move(why);
  return failure;
}

}  // namespace perdure::engine::workflow
