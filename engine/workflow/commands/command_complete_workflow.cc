#include <utility>

#include "engine/workflow/commands/command_rules.h"
#include "engine/workflow/run/close.h"
#include "engine/workflow/run/next_run.h"

namespace perdure::engine::workflow {

namespace enums = temporal::api::enums::v1;

CommandResult CompleteWorkflowExecution(CommandContext& context, const Command& command) {
  if (CommandResult unhandled = RefuseUnhandled(context)) return unhandled;
  constexpr auto kCause = enums::WORKFLOW_TASK_FAILED_CAUSE_BAD_COMPLETE_WORKFLOW_EXECUTION_ATTRIBUTES;
  if (!command.has_complete_workflow_execution_command_attributes()) {
    return CommandFailure{
        kCause, "CompleteWorkflowExecutionCommandAttributes is not set on CompleteWorkflowExecutionCommand."};
  }
  const auto& attributes = command.complete_workflow_execution_command_attributes();
  if (attributes.result().ByteSizeLong() > limits::kBlobSize) {
    // The cause is the real server's.
    return CommandFailure{enums::WORKFLOW_TASK_FAILED_CAUSE_BAD_SCHEDULE_ACTIVITY_ATTRIBUTES,
                          "CompleteWorkflowExecutionCommandAttributes.Result exceeds size limit.", true};
  }
  HistoryEvent event = NewCommandEvent(context, command, enums::EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED);
  auto* completed = event.mutable_workflow_execution_completed_event_attributes();
  if (attributes.has_result()) *completed->mutable_result() = attributes.result();
  completed->set_workflow_task_completed_event_id(context.completed_event_id);
  const Succession succession = AfterCompletion(context.transition);
  if (succession.follows()) completed->set_new_execution_run_id(succession.run_id.ToString());
  CloseRun(context.transition, std::move(event));
  BeginSuccessor(context.transition, succession,
                 {.result = attributes.has_result() ? &attributes.result() : nullptr});
  return std::nullopt;
}

}  // namespace perdure::engine::workflow
