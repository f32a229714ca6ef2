#include <utility>

#include "engine/workflow/close.h"
#include "engine/workflow/command_rules.h"

namespace perdure::engine::workflow {

namespace enums = temporal::api::enums::v1;

CommandResult FailWorkflowExecution(CommandContext& context, const Command& command) {
  if (CommandResult unhandled = RefuseUnhandled(context)) return unhandled;
  constexpr auto kCause = enums::WORKFLOW_TASK_FAILED_CAUSE_BAD_FAIL_WORKFLOW_EXECUTION_ATTRIBUTES;
  if (!command.has_fail_workflow_execution_command_attributes()) {
    return CommandFailure{
        kCause, "FailWorkflowExecutionCommandAttributes is not set on FailWorkflowExecutionCommand."};
  }
  const auto& attributes = command.fail_workflow_execution_command_attributes();
  if (!attributes.has_failure()) {
    return CommandFailure{kCause, "Failure is not set on FailWorkflowExecutionCommand."};
  }
  if (attributes.failure().ByteSizeLong() > limits::kBlobSize) {
    return CommandFailure{kCause, "FailWorkflowExecutionCommandAttributes.Failure exceeds size limit.", true};
  }
  const RunFacts& facts = *context.transition.state().facts;
  const bool one_attempt = facts.started->workflow_execution_started_event_attributes().has_retry_policy();
  HistoryEvent event = NewCommandEvent(context, command, enums::EVENT_TYPE_WORKFLOW_EXECUTION_FAILED);
  auto* failed = event.mutable_workflow_execution_failed_event_attributes();
  *failed->mutable_failure() = attributes.failure();
  failed->set_retry_state(one_attempt ? enums::RETRY_STATE_MAXIMUM_ATTEMPTS_REACHED
                                      : enums::RETRY_STATE_RETRY_POLICY_NOT_SET);
  failed->set_workflow_task_completed_event_id(context.completed_event_id);
  CloseRun(context.transition, std::move(event));
  return std::nullopt;
}

}  // namespace perdure::engine::workflow
