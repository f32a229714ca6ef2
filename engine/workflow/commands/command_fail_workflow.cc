#include <utility>

#include "engine/workflow/commands/command_rules.h"
#include "engine/workflow/run/close.h"
#include "engine/workflow/run/next_run.h"

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
  const Succession succession = AfterFailure(context.transition, attributes.failure());
  HistoryEvent event = NewCommandEvent(context, command, enums::EVENT_TYPE_WORKFLOW_EXECUTION_FAILED);
  auto* failed = event.mutable_workflow_execution_failed_event_attributes();
  *failed->mutable_failure() = attributes.failure();
  failed->set_retry_state(succession.retry_state);
  failed->set_workflow_task_completed_event_id(context.completed_event_id);
  if (succession.follows()) failed->set_new_execution_run_id(succession.run_id.ToString());
  CloseRun(context.transition, std::move(event));
  // A schedule's next run still has the last result there was; a retry begins without.
  const auto& started =
      context.transition.state().facts->started->workflow_execution_started_event_attributes();
  const bool scheduled = succession.initiator == enums::CONTINUE_AS_NEW_INITIATOR_CRON_SCHEDULE;
  const bool has_result = scheduled && started.has_last_completion_result();
  BeginSuccessor(
      context.transition, succession,
      {.result = has_result ? &started.last_completion_result() : nullptr, .failure = &attributes.failure()});
  return std::nullopt;
}

}  // namespace perdure::engine::workflow
