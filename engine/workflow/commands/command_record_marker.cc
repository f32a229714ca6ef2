#include <utility>

#include "absl/strings/str_cat.h"
#include "base/text.h"
#include "engine/workflow/commands/command_rules.h"

namespace perdure::engine::workflow {
namespace {

namespace enums = temporal::api::enums::v1;

size_t DetailsSize(const temporal::api::command::v1::RecordMarkerCommandAttributes& attributes) {
  size_t size = 0;
  for (const auto& [key, payloads] : attributes.details()) size += key.size() + payloads.ByteSizeLong();
  return size;
}

}  // namespace

CommandResult RecordMarker(CommandContext& context, const Command& command) {
  constexpr auto kCause = enums::WORKFLOW_TASK_FAILED_CAUSE_BAD_RECORD_MARKER_ATTRIBUTES;
  if (!command.has_record_marker_command_attributes()) {
    return CommandFailure{kCause, "RecordMarkerCommandAttributes is not set on RecordMarkerCommand."};
  }
  const auto& attributes = command.record_marker_command_attributes();
  const std::string& name = attributes.marker_name();
  if (name.empty()) return CommandFailure{kCause, "MarkerName is not set on RecordMarkerCommand."};
  if (name.size() > limits::kIdLength) {
    return CommandFailure{kCause,
                          absl::StrCat("MarkerName on RecordMarkerCommand exceeds length limit. MarkerName=",
                                       Shown(name), " Length=", name.size(), " Limit=", limits::kIdLength)};
  }
  if (DetailsSize(attributes) > limits::kBlobSize) {
    return CommandFailure{kCause, "RecordMarkerCommandAttributes.Details exceeds size limit.", true};
  }
  HistoryEvent event = NewCommandEvent(context, command, enums::EVENT_TYPE_MARKER_RECORDED);
  auto* recorded = event.mutable_marker_recorded_event_attributes();
  recorded->set_marker_name(name);
  *recorded->mutable_details() = attributes.details();
  recorded->set_workflow_task_completed_event_id(context.completed_event_id);
  if (attributes.has_header()) *recorded->mutable_header() = attributes.header();
  if (attributes.has_failure()) *recorded->mutable_failure() = attributes.failure();
  context.transition.Emit(std::move(event));
  return std::nullopt;
}

}  // namespace perdure::engine::workflow
