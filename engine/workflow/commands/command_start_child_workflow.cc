#include <algorithm>
#include <utility>

#include "base/run_ids.h"
#include "base/text.h"
#include "base/time.h"
#include "engine/search_attributes.h"
#include "engine/values/cron_schedule.h"
#include "engine/values/durations.h"
#include "engine/values/payload.h"
#include "engine/values/retry_policy.h"
#include "engine/values/task_queue_rules.h"
#include "engine/workflow/commands/command_rules.h"
#include "engine/workflow/commands/target_namespace.h"
#include "engine/workflow/messages/children.h"
#include "engine/workflow/run/start.h"
#include "fmt/format.h"

namespace perdure::engine::workflow {
namespace {

namespace enums = temporal::api::enums::v1;
using Wanted = temporal::api::command::v1::StartChildWorkflowExecutionCommandAttributes;

constexpr auto kBadChild = enums::WORKFLOW_TASK_FAILED_CAUSE_BAD_START_CHILD_EXECUTION_ATTRIBUTES;
constexpr auto kBadChildAttributes = enums::WORKFLOW_TASK_FAILED_CAUSE_BAD_SEARCH_ATTRIBUTES;

CommandFailure BadChild(std::string message, bool terminates_run = false) {
  return {kBadChild, std::move(message), terminates_run};
}

// The real server prints this behind what is wrong.
std::string NamesOf(const Wanted& wanted) {
  return fmt::format("WorkflowId={} WorkflowType={} Namespace={}", Shown(wanted.workflow_id()),
                     Shown(wanted.workflow_type().name()), Shown(wanted.namespace_()));
}

CommandResult CheckChildNames(const Wanted& wanted) {
  const std::string& id = wanted.workflow_id();
  const std::string& type = wanted.workflow_type().name();
  const std::string& space = wanted.namespace_();
  if (id.empty()) {
    return BadChild(
        fmt::format("Required field WorkflowId is not set on StartChildWorkflowExecutionCommand. "
                    "WorkflowType={} Namespace={}",
                    Shown(type), Shown(space)));
  }
  if (type.empty()) {
    return BadChild(
        fmt::format("Required field WorkflowType is not set on StartChildWorkflowExecutionCommand. "
                    "WorkflowId={} Namespace={}",
                    Shown(id), Shown(space)));
  }
  if (id.size() > limits::kIdLength) {
    return BadChild(
        fmt::format("WorkflowId on StartChildWorkflowExecutionCommand exceeds length limit. WorkflowId={} "
                    "Length={} Limit={} WorkflowType={} Namespace={}",
                    Shown(id), id.size(), limits::kIdLength, Shown(type), Shown(space)));
  }
  if (type.size() > limits::kIdLength) {
    return BadChild(
        fmt::format("WorkflowType on StartChildWorkflowExecutionCommand exceeds length limit. WorkflowId={} "
                    "WorkflowType={} Length={} Limit={} Namespace={}",
                    Shown(id), Shown(type), type.size(), limits::kIdLength, Shown(space)));
  }
  return std::nullopt;
}

CommandResult CheckChildTime(std::string_view name, google::protobuf::Duration* duration,
                             const Wanted& wanted) {
  const auto wrong = ValidateAndCap(*duration);
  if (!wrong.has_value()) return std::nullopt;
  return BadChild(
      fmt::format("Invalid {} on StartChildWorkflowExecutionCommand: {}. {}", name, *wrong, NamesOf(wanted)));
}

CommandResult CheckChildTimes(Wanted& wanted) {
  if (wanted.has_workflow_execution_timeout()) {
    auto bad =
        CheckChildTime("WorkflowExecutionTimeout", wanted.mutable_workflow_execution_timeout(), wanted);
    if (bad.has_value()) return bad;
  }
  if (auto bad = CheckChildTime("WorkflowRunTimeout", wanted.mutable_workflow_run_timeout(), wanted))
    return bad;
  return CheckChildTime("WorkflowTaskTimeout", wanted.mutable_workflow_task_timeout(), wanted);
}

CommandResult CompleteChildPolicies(Wanted& wanted) {
  if (wanted.has_retry_policy()) {
    FillDefaults(*wanted.mutable_retry_policy());
    if (const auto wrong = ValidateAndCap(*wanted.mutable_retry_policy())) {
      return BadChild(fmt::format("invalid WorkflowRetryPolicy on StartChildWorkflowExecutionCommand: {}. {}",
                                  *wrong, NamesOf(wanted)));
    }
  }
  if (!wanted.cron_schedule().empty() && !CronSchedule::Parse(wanted.cron_schedule()).has_value()) {
    return BadChild(
        fmt::format("invalid CronSchedule on StartChildWorkflowExecutionCommand: invalid "
                    "CronSchedule. {}",
                    NamesOf(wanted)));
  }
  return std::nullopt;
}

// Of a child in another namespace the attributes are not known here.
CommandResult CompleteChildAttributes(const NamespaceSettings& settings, Wanted& wanted) {
  if (!wanted.has_search_attributes() || wanted.namespace_() != settings.name) return std::nullopt;
  const absl::Status valid =
      CheckSearchAttributes(*settings.search_attributes, settings.name, wanted.search_attributes());
  if (!valid.ok()) {
    return CommandFailure{kBadChildAttributes,
                          fmt::format("invalid SearchAttributes on StartChildWorkflowCommand: {}. {}",
                                      std::string(valid.message()), NamesOf(wanted))};
  }
  NameTypes(*settings.search_attributes, *wanted.mutable_search_attributes());
  return std::nullopt;
}

CommandResult CompleteChildQueue(const State& state, Wanted& wanted) {
  auto& queue = *wanted.mutable_task_queue();
  if (queue.name().empty()) queue.set_name(state.task_queue);
  if (queue.kind() == enums::TASK_QUEUE_KIND_UNSPECIFIED) queue.set_kind(enums::TASK_QUEUE_KIND_NORMAL);
  if (const auto wrong = CheckTaskQueue(queue, state.task_queue)) {
    return BadChild(fmt::format(
        "invalid TaskQueue on StartChildWorkflowExecutionCommand: {}. {} TaskQueue=name:\"{}\"  kind:{}",
        *wrong, NamesOf(wanted), Shown(queue.name()), enums::TaskQueueKind_Name(queue.kind())));
  }
  return std::nullopt;
}

void CompleteChildTimes(Wanted& wanted) {
  const absl::Duration execution = FromProto(wanted.workflow_execution_timeout());
  absl::Duration run = FromProto(wanted.workflow_run_timeout());
  if (execution > absl::ZeroDuration())
    run = run > absl::ZeroDuration() ? std::min(run, execution) : execution;
  absl::Duration task = FromProto(wanted.workflow_task_timeout());
  if (task == absl::ZeroDuration()) task = limits::kDefaultWorkflowTaskTimeout;
  task = std::min(task, limits::kMaxWorkflowTaskTimeout);
  if (run > absl::ZeroDuration()) task = std::min(task, run);
  *wanted.mutable_workflow_run_timeout() = ToProto(run);
  *wanted.mutable_workflow_task_timeout() = ToProto(task);
}

CommandResult CheckChildSizes(const State& state, const limits::PerNamespace& allowed, const Wanted& wanted) {
  if (wanted.inherit_build_id() && wanted.task_queue().name() != state.task_queue) {
    return BadChild(
        "StartChildWorkflowExecution with UseCompatibleVersion cannot run on different task queue.");
  }
  if (wanted.input().ByteSizeLong() > allowed.blob_size) {
    return BadChild("StartChildWorkflowExecutionCommandAttributes. Input exceeds size limit.", true);
  }
  if (wanted.memo().ByteSizeLong() > allowed.memo_size) {
    return BadChild("StartChildWorkflowExecutionCommandAttributes.Memo exceeds size limit.", true);
  }
  if (const absl::Status sizes = CheckSearchAttributeSizes(wanted.search_attributes()); !sizes.ok()) {
    return BadChild(std::string(sizes.message()), true);
  }
  if (state.children->size() >= allowed.pending_children) {
    return CommandFailure{enums::WORKFLOW_TASK_FAILED_CAUSE_PENDING_CHILD_WORKFLOWS_LIMIT_EXCEEDED,
                          fmt::format("the number of pending child workflow executions, {}, has reached the "
                                      "per-workflow limit of {}",
                                      state.children->size(), allowed.pending_children)};
  }
  return std::nullopt;
}

// In the real server's order, which decides between two errors.
CommandResult CompleteChild(const Context& context, const State& state, const Uuid& space, Wanted& wanted) {
  if (wanted.namespace_() == context.settings.name) {
    const absl::Status names = CheckSearchAttributeNames(*context.settings.search_attributes,
                                                         context.settings.name, wanted.search_attributes());
    if (!names.ok()) return CommandFailure{kBadChildAttributes, std::string(names.message())};
  }
  if (auto bad = CheckNamespace(context, space, kBadChild)) return bad;
  if (auto bad = CheckChildNames(wanted)) return bad;
  if (auto bad = CheckChildTimes(wanted)) return bad;
  if (auto bad = CompleteChildPolicies(wanted)) return bad;
  if (auto bad = CompleteChildAttributes(context.settings, wanted)) return bad;
  if (auto bad = CompleteChildQueue(state, wanted)) return bad;
  CompleteChildTimes(wanted);
  return CheckChildSizes(state, context.settings.limits, wanted);
}

template <typename To>
void CopyNonNil(const Wanted& wanted, To& to) {
  if (wanted.has_memo()) {
    MergePayloads(wanted.memo().fields(), *to.mutable_memo()->mutable_fields());
    if (to.memo().fields().empty()) to.clear_memo();
  }
  if (wanted.has_search_attributes()) {
    MergePayloads(wanted.search_attributes().indexed_fields(),
                  *to.mutable_search_attributes()->mutable_indexed_fields());
    if (to.search_attributes().indexed_fields().empty()) to.clear_search_attributes();
  }
}

void CopyChild(const Wanted& wanted, InitiatedChild& initiated) {
  initiated.set_namespace_(wanted.namespace_());
  initiated.set_workflow_id(wanted.workflow_id());
  *initiated.mutable_workflow_type() = wanted.workflow_type();
  *initiated.mutable_task_queue() = wanted.task_queue();
  if (wanted.has_header()) *initiated.mutable_header() = wanted.header();
  if (wanted.has_input()) *initiated.mutable_input() = wanted.input();
  if (wanted.has_workflow_execution_timeout()) {
    *initiated.mutable_workflow_execution_timeout() = wanted.workflow_execution_timeout();
  }
  *initiated.mutable_workflow_run_timeout() = wanted.workflow_run_timeout();
  *initiated.mutable_workflow_task_timeout() = wanted.workflow_task_timeout();
  initiated.set_control(wanted.control());
  initiated.set_workflow_id_reuse_policy(wanted.workflow_id_reuse_policy() ==
                                                 enums::WORKFLOW_ID_REUSE_POLICY_UNSPECIFIED
                                             ? enums::WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE
                                             : wanted.workflow_id_reuse_policy());
  initiated.set_parent_close_policy(wanted.parent_close_policy() == enums::PARENT_CLOSE_POLICY_UNSPECIFIED
                                        ? enums::PARENT_CLOSE_POLICY_TERMINATE
                                        : wanted.parent_close_policy());
  if (wanted.has_retry_policy()) *initiated.mutable_retry_policy() = wanted.retry_policy();
  initiated.set_cron_schedule(wanted.cron_schedule());
  CopyNonNil(wanted, initiated);
  initiated.set_inherit_build_id(wanted.inherit_build_id());
  if (wanted.has_priority()) *initiated.mutable_priority() = wanted.priority();
}

}  // namespace

CommandResult StartChildWorkflowExecution(CommandContext& context, const Command& command) {
  if (!command.has_start_child_workflow_execution_command_attributes()) {
    return BadChild(
        "StartChildWorkflowExecutionCommandAttributes is not set on StartChildWorkflowExecutionCommand.");
  }
  Transition& transition = context.transition;
  Wanted wanted = command.start_child_workflow_execution_command_attributes();
  const absl::StatusOr<Uuid> space = TargetNamespace(transition.context(), wanted.namespace_());
  if (!space.ok()) return RefusesCompletion(space.status());
  if (wanted.namespace_().empty()) wanted.set_namespace_(transition.context().settings.name);
  if (CommandResult bad = CompleteChild(transition.context(), transition.state(), *space, wanted)) return bad;
  if (wanted.has_versioning_override()) {
    return CommandFailure{enums::WORKFLOW_TASK_FAILED_CAUSE_FEATURE_DISABLED,
                          "StartChildWorkflowExecution: versioning_override is not supported by this server "
                          "yet"};
  }

  HistoryEvent event =
      NewCommandEvent(context, command, enums::EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_INITIATED);
  auto& initiated = *event.mutable_start_child_workflow_execution_initiated_event_attributes();
  CopyChild(wanted, initiated);
  initiated.set_namespace_id(space->ToString());
  initiated.set_workflow_task_completed_event_id(context.completed_event_id);
  const int64_t id = transition.Emit(std::move(event));
  NoteMinted(transition, id, MintRunId(transition.now(), transition.context().random));
  context.initiated_children.insert(wanted.workflow_id());
  return std::nullopt;
}

}  // namespace perdure::engine::workflow
