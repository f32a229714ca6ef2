#include <utility>

#include "engine/workflow/commands/command_rules.h"
#include "engine/workflow/run/close.h"

namespace perdure::engine::workflow {

namespace enums = temporal::api::enums::v1;

CommandResult CancelWorkflowExecution(CommandContext& context, const Command& command) {
  if (CommandResult unhandled = RefuseUnhandled(context)) return unhandled;
  if (!command.has_cancel_workflow_execution_command_attributes()) {
    return CommandFailure{
        enums::WORKFLOW_TASK_FAILED_CAUSE_BAD_CANCEL_WORKFLOW_EXECUTION_ATTRIBUTES,
        "CancelWorkflowExecutionCommandAttributes is not set on CancelWorkflowExecutionCommand."};
  }
  const auto& attributes = command.cancel_workflow_execution_command_attributes();
  HistoryEvent event = NewCommandEvent(context, command, enums::EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED);
  auto* canceled = event.mutable_workflow_execution_canceled_event_attributes();
  canceled->set_workflow_task_completed_event_id(context.completed_event_id);
  if (attributes.has_details()) *canceled->mutable_details() = attributes.details();
  CloseRun(context.transition, std::move(event));
  return std::nullopt;
}

}  // namespace perdure::engine::workflow
