#include <utility>

#include "engine/values/payload.h"
#include "engine/workflow/commands/command_rules.h"

namespace perdure::engine::workflow {

namespace enums = temporal::api::enums::v1;

CommandResult UpsertWorkflowSearchAttributes(CommandContext& context, const Command& command) {
  constexpr auto kCause = enums::WORKFLOW_TASK_FAILED_CAUSE_BAD_SEARCH_ATTRIBUTES;
  if (!command.has_upsert_workflow_search_attributes_command_attributes()) {
    return CommandFailure{kCause,
                          "UpsertWorkflowSearchAttributesCommandAttributes is not set on "
                          "UpsertWorkflowSearchAttributesCommand."};
  }
  const auto& attributes = command.upsert_workflow_search_attributes_command_attributes();
  if (!attributes.has_search_attributes()) {
    return CommandFailure{kCause, "SearchAttributes is not set on UpsertWorkflowSearchAttributesCommand."};
  }
  const PayloadMap& fields = attributes.search_attributes().indexed_fields();
  if (fields.empty()) {
    return CommandFailure{kCause, "IndexedFields is not set on UpsertWorkflowSearchAttributesCommand."};
  }
  const NamespaceSettings& settings = context.transition.context().settings;
  const absl::Status valid =
      CheckSearchAttributes(*settings.search_attributes, settings.name, attributes.search_attributes());
  if (!valid.ok()) return CommandFailure{kCause, std::string(valid.message())};
  if (PayloadMapSize(fields) > limits::kBlobSize) {
    return CommandFailure{kCause, "UpsertWorkflowSearchAttributesCommandAttributes exceeds size limit.",
                          true};
  }
  auto merged = *context.transition.state().search_attributes;
  MergePayloads(fields, *merged.mutable_indexed_fields());
  if (const absl::Status sizes = CheckSearchAttributeSizes(merged); !sizes.ok()) {
    return CommandFailure{kCause, std::string(sizes.message()), true};
  }
  HistoryEvent event = NewCommandEvent(context, command, enums::EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES);
  auto* upserted = event.mutable_upsert_workflow_search_attributes_event_attributes();
  upserted->set_workflow_task_completed_event_id(context.completed_event_id);
  *upserted->mutable_search_attributes() = attributes.search_attributes();
  context.transition.Emit(std::move(event));
  return std::nullopt;
}

}  // namespace perdure::engine::workflow
