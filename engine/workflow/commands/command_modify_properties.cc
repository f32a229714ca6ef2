#include <utility>

#include "engine/values/payload.h"
#include "engine/workflow/commands/command_rules.h"

namespace perdure::engine::workflow {

namespace enums = temporal::api::enums::v1;

CommandResult ModifyWorkflowProperties(CommandContext& context, const Command& command) {
  constexpr auto kCause = enums::WORKFLOW_TASK_FAILED_CAUSE_BAD_MODIFY_WORKFLOW_PROPERTIES_ATTRIBUTES;
  if (!command.has_modify_workflow_properties_command_attributes()) {
    return CommandFailure{
        kCause, "ModifyWorkflowPropertiesCommandAttributes is not set on ModifyWorkflowPropertiesCommand."};
  }
  const auto& attributes = command.modify_workflow_properties_command_attributes();
  if (!attributes.has_upserted_memo()) {
    return CommandFailure{kCause, "UpsertedMemo is not set on ModifyWorkflowPropertiesCommand."};
  }
  const PayloadMap& fields = attributes.upserted_memo().fields();
  if (fields.empty()) {
    return CommandFailure{kCause, "UpsertedMemo.Fields is not set on ModifyWorkflowPropertiesCommand."};
  }
  if (PayloadMapSize(fields) > limits::kBlobSize) {
    return CommandFailure{kCause, "ModifyWorkflowPropertiesCommandAttributes exceeds size limit.", true};
  }
  temporal::api::common::v1::Memo memo = *context.transition.state().memo;
  MergePayloads(fields, *memo.mutable_fields());
  if (memo.ByteSizeLong() > limits::kMemoSize) {
    return CommandFailure{kCause, "ModifyWorkflowPropertiesCommandAttributes. Memo exceeds size limit.",
                          true};
  }
  HistoryEvent event = NewCommandEvent(context, command, enums::EVENT_TYPE_WORKFLOW_PROPERTIES_MODIFIED);
  auto* modified = event.mutable_workflow_properties_modified_event_attributes();
  modified->set_workflow_task_completed_event_id(context.completed_event_id);
  *modified->mutable_upserted_memo() = attributes.upserted_memo();
  context.transition.Emit(std::move(event));
  return std::nullopt;
}

}  // namespace perdure::engine::workflow
