#include <utility>

#include "base/text.h"
#include "engine/workflow/commands/command_rules.h"
#include "engine/workflow/commands/target_namespace.h"
#include "engine/workflow/messages/children.h"
#include "fmt/format.h"

namespace perdure::engine::workflow {
namespace {

namespace enums = temporal::api::enums::v1;
using WantedCancel = temporal::api::command::v1::RequestCancelExternalWorkflowExecutionCommandAttributes;

constexpr auto kBadCancel =
    enums::WORKFLOW_TASK_FAILED_CAUSE_BAD_REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_ATTRIBUTES;

CommandFailure BadCancel(std::string message) { return {kBadCancel, std::move(message)}; }

CommandResult CheckCancelNames(const WantedCancel& wanted) {
  const std::string& id = wanted.workflow_id();
  const std::string& run_id = wanted.run_id();
  const std::string space = Shown(wanted.namespace_());
  if (id.empty()) {
    return BadCancel(
        fmt::format("WorkflowId is not set on RequestCancelExternalWorkflowExecutionCommand. Namespace={} "
                    "RunId={}",
                    space, Shown(run_id)));
  }
  if (id.size() > limits::kIdLength) {
    return BadCancel(
        fmt::format("WorkflowId on RequestCancelExternalWorkflowExecutionCommand exceeds length limit. "
                    "WorkflowId={} Length={} Limit={} RunId={} Namespace={}",
                    Shown(id), id.size(), limits::kIdLength, Shown(run_id), space));
  }
  if (!run_id.empty() && !Uuid::Parse(run_id).has_value()) {
    return BadCancel(
        fmt::format("Invalid RunId set on RequestCancelExternalWorkflowExecutionCommand. WorkflowId={} "
                    "RunId={} Namespace={}",
                    Shown(id), Shown(run_id), space));
  }
  return std::nullopt;
}

CommandResult CheckCancel(const CommandContext& context, const WantedCancel& wanted) {
  if (auto bad = CheckCancelNames(wanted)) return bad;
  if (context.initiated_children.contains(wanted.workflow_id())) {
    return BadCancel(
        fmt::format("Start and RequestCancel for child workflow is not allowed in same workflow task. "
                    "WorkflowId={} RunId={} Namespace={}",
                    Shown(wanted.workflow_id()), Shown(wanted.run_id()), Shown(wanted.namespace_())));
  }
  const size_t pending = context.transition.state().external_cancels->size();
  const size_t allowed = context.transition.context().settings.limits.pending_cancels;
  if (pending < allowed) return std::nullopt;
  return CommandFailure{enums::WORKFLOW_TASK_FAILED_CAUSE_PENDING_REQUEST_CANCEL_LIMIT_EXCEEDED,
                        fmt::format("the number of pending requests to cancel external workflows, {}, has "
                                    "reached the per-workflow limit of {}",
                                    pending, allowed)};
}

}  // namespace

CommandResult RequestCancelExternalWorkflowExecution(CommandContext& context, const Command& command) {
  if (!command.has_request_cancel_external_workflow_execution_command_attributes()) {
    return BadCancel(
        "RequestCancelExternalWorkflowExecutionCommandAttributes is not set on "
        "RequestCancelExternalWorkflowExecutionCommand.");
  }
  Transition& transition = context.transition;
  const WantedCancel& wanted = command.request_cancel_external_workflow_execution_command_attributes();
  const absl::StatusOr<Uuid> space = TargetNamespace(transition.context(), wanted.namespace_());
  if (!space.ok()) return RefusesCompletion(space.status());
  if (auto bad = CheckNamespace(transition.context(), *space, kBadCancel)) return bad;
  if (auto bad = CheckCancel(context, wanted)) return bad;

  HistoryEvent event = NewCommandEvent(
      context, command, enums::EVENT_TYPE_REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED);
  auto& initiated = *event.mutable_request_cancel_external_workflow_execution_initiated_event_attributes();
  initiated.set_workflow_task_completed_event_id(context.completed_event_id);
  initiated.set_namespace_(wanted.namespace_());
  initiated.set_namespace_id(space->ToString());
  initiated.mutable_workflow_execution()->set_workflow_id(wanted.workflow_id());
  initiated.mutable_workflow_execution()->set_run_id(wanted.run_id());
  initiated.set_control(wanted.control());
  initiated.set_child_workflow_only(wanted.child_workflow_only());
  initiated.set_reason(wanted.reason());
  const int64_t id = transition.Emit(event);
  if (IsItself(transition.state(), *space, wanted.workflow_id())) {
    SetEventId(event, id);
    transition.EmitOrBuffer(NewCancelFailed(
        transition, event,
        enums::CANCEL_EXTERNAL_WORKFLOW_EXECUTION_FAILED_CAUSE_EXTERNAL_WORKFLOW_EXECUTION_NOT_FOUND));
    return std::nullopt;
  }
  NoteMinted(transition, id, Uuid::Mint(transition.context().random));
  return std::nullopt;
}

}  // namespace perdure::engine::workflow
