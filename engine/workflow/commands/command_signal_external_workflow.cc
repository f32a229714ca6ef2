#include <utility>

#include "base/text.h"
#include "engine/workflow/commands/command_rules.h"
#include "engine/workflow/commands/target_namespace.h"
#include "engine/workflow/messages/children.h"
#include "fmt/format.h"

namespace perdure::engine::workflow {
namespace {

namespace enums = temporal::api::enums::v1;
using WantedSignal = temporal::api::command::v1::SignalExternalWorkflowExecutionCommandAttributes;

constexpr auto kBadSignal = enums::WORKFLOW_TASK_FAILED_CAUSE_BAD_SIGNAL_WORKFLOW_EXECUTION_ATTRIBUTES;

CommandFailure BadSignal(std::string message, bool terminates_run = false) {
  return {kBadSignal, std::move(message), terminates_run};
}

CommandResult CheckSignalNames(const WantedSignal& wanted) {
  const std::string& id = wanted.execution().workflow_id();
  const std::string& run_id = wanted.execution().run_id();
  const std::string space = Shown(wanted.namespace_());
  const std::string name = Shown(wanted.signal_name());
  if (id.empty()) {
    return BadSignal(
        fmt::format("WorkflowId is not set on SignalExternalWorkflowExecutionCommand. Namespace={} RunId={} "
                    "SignalName={}",
                    space, Shown(run_id), name));
  }
  if (id.size() > limits::kIdLength) {
    return BadSignal(
        fmt::format("WorkflowId on SignalExternalWorkflowExecutionCommand exceeds length limit. "
                    "WorkflowId={} Length={} Limit={} Namespace={} RunId={} SignalName={}",
                    Shown(id), id.size(), limits::kIdLength, space, Shown(run_id), name));
  }
  if (!run_id.empty() && !Uuid::Parse(run_id).has_value()) {
    return BadSignal(
        fmt::format("Invalid RunId set on SignalExternalWorkflowExecutionCommand. WorkflowId={} Namespace={} "
                    "RunId={} SignalName={}",
                    Shown(id), space, Shown(run_id), name));
  }
  if (wanted.signal_name().empty()) {
    return BadSignal(
        fmt::format("SignalName is not set on SignalExternalWorkflowExecutionCommand. WorkflowId={} "
                    "Namespace={} RunId={}",
                    Shown(id), space, Shown(run_id)));
  }
  return std::nullopt;
}

CommandResult CheckSignal(const State& state, const limits::PerNamespace& allowed,
                          const WantedSignal& wanted) {
  if (auto bad = CheckSignalNames(wanted)) return bad;
  if (state.external_signals->size() >= allowed.pending_signals) {
    return CommandFailure{enums::WORKFLOW_TASK_FAILED_CAUSE_PENDING_SIGNALS_LIMIT_EXCEEDED,
                          fmt::format("the number of pending signals to external workflows, {}, has reached "
                                      "the per-workflow limit of {}",
                                      state.external_signals->size(), allowed.pending_signals)};
  }
  if (wanted.input().ByteSizeLong() > allowed.blob_size) {
    return BadSignal("SignalExternalWorkflowExecutionCommandAttributes.Input exceeds size limit.", true);
  }
  return std::nullopt;
}

}  // namespace

CommandResult SignalExternalWorkflowExecution(CommandContext& context, const Command& command) {
  if (!command.has_signal_external_workflow_execution_command_attributes()) {
    return BadSignal(
        "SignalExternalWorkflowExecutionCommandAttributes is not set on "
        "SignalExternalWorkflowExecutionCommand.");
  }
  Transition& transition = context.transition;
  const WantedSignal& wanted = command.signal_external_workflow_execution_command_attributes();
  const absl::StatusOr<Uuid> space = TargetNamespace(transition.context(), wanted.namespace_());
  if (!space.ok()) return RefusesCompletion(space.status());
  if (!wanted.has_execution()) {
    return BadSignal("Execution is not set on SignalExternalWorkflowExecutionCommand.");
  }
  if (auto bad = CheckNamespace(transition.context(), *space, kBadSignal)) return bad;
  if (auto bad = CheckSignal(transition.state(), transition.context().settings.limits, wanted)) return bad;

  HistoryEvent event =
      NewCommandEvent(context, command, enums::EVENT_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED);
  auto& initiated = *event.mutable_signal_external_workflow_execution_initiated_event_attributes();
  initiated.set_workflow_task_completed_event_id(context.completed_event_id);
  initiated.set_namespace_(wanted.namespace_());
  initiated.set_namespace_id(space->ToString());
  *initiated.mutable_workflow_execution() = wanted.execution();
  initiated.set_signal_name(wanted.signal_name());
  if (wanted.has_input()) *initiated.mutable_input() = wanted.input();
  initiated.set_control(wanted.control());
  initiated.set_child_workflow_only(wanted.child_workflow_only());
  if (wanted.has_header()) *initiated.mutable_header() = wanted.header();
  const int64_t id = transition.Emit(event);
  if (IsItself(transition.state(), *space, wanted.execution().workflow_id())) {
    SetEventId(event, id);
    transition.EmitOrBuffer(NewSignalFailed(
        transition, event,
        enums::SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_FAILED_CAUSE_EXTERNAL_WORKFLOW_EXECUTION_NOT_FOUND));
    return std::nullopt;
  }
  NoteMinted(transition, id, Uuid::Mint(transition.context().random));
  return std::nullopt;
}

}  // namespace perdure::engine::workflow
