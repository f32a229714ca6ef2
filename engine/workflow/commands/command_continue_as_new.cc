#include <algorithm>
#include <utility>

#include "base/limits.h"
#include "base/run_ids.h"
#include "base/text.h"
#include "base/time.h"
#include "engine/search_attributes.h"
#include "engine/values/durations.h"
#include "engine/values/payload.h"
#include "engine/values/retry_policy.h"
#include "engine/values/task_queue_rules.h"
#include "engine/workflow/commands/command_rules.h"
#include "engine/workflow/run/close.h"
#include "engine/workflow/run/next_run.h"
#include "fmt/format.h"

namespace perdure::engine::workflow {
namespace {

namespace enums = temporal::api::enums::v1;
using temporal::api::command::v1::ContinueAsNewWorkflowExecutionCommandAttributes;
using Attributes = ContinueAsNewWorkflowExecutionCommandAttributes;

CommandFailure BadContinueAsNew(std::string message, bool terminates_run = false) {
  return {enums::WORKFLOW_TASK_FAILED_CAUSE_BAD_CONTINUE_AS_NEW_ATTRIBUTES, std::move(message),
          terminates_run};
}

// The real server prints this behind what is wrong.
std::string NamesShown(const Attributes& wanted) {
  return fmt::format("WorkflowType={} TaskQueue=name:\"{}\"  kind:{}", Shown(wanted.workflow_type().name()),
                     Shown(wanted.task_queue().name()),
                     enums::TaskQueueKind_Name(wanted.task_queue().kind()));
}

CommandResult CompleteWantedNames(const State& state, Attributes& wanted) {
  if (wanted.workflow_type().name().empty()) wanted.mutable_workflow_type()->set_name(state.workflow_type);
  const std::string& type = wanted.workflow_type().name();
  if (type.size() > limits::kIdLength) {
    return BadContinueAsNew(
        fmt::format("WorkflowType on ContinueAsNewWorkflowExecutionCommand exceeds length limit. "
                    "WorkflowType={} Length={} Limit={}",
                    Shown(type), type.size(), limits::kIdLength));
  }
  auto& queue = *wanted.mutable_task_queue();
  if (queue.name().empty()) queue.set_name(state.task_queue);
  if (queue.kind() == enums::TASK_QUEUE_KIND_UNSPECIFIED) queue.set_kind(enums::TASK_QUEUE_KIND_NORMAL);
  if (const auto wrong = CheckTaskQueue(queue, state.task_queue)) {
    return BadContinueAsNew(
        fmt::format("error validating ContinueAsNewWorkflowExecutionCommand TaskQueue: {}. {}", *wrong,
                    NamesShown(wanted)));
  }
  return std::nullopt;
}

CommandResult CheckWantedTime(std::string_view name, google::protobuf::Duration* duration,
                              const Attributes& wanted) {
  const auto wrong = ValidateAndCap(*duration);
  if (!wrong.has_value()) return std::nullopt;
  return BadContinueAsNew(fmt::format("Invalid {} on ContinueAsNewWorkflowExecutionCommand: {}. {}", name,
                                      *wrong, NamesShown(wanted)));
}

CommandResult CompleteWantedTimes(const State& state, Attributes& wanted) {
  const bool has_backoff = wanted.has_backoff_start_interval();
  if (auto bad = CheckWantedTime("WorkflowRunTimeout", wanted.mutable_workflow_run_timeout(), wanted))
    return bad;
  if (auto bad = CheckWantedTime("WorkflowTaskTimeout", wanted.mutable_workflow_task_timeout(), wanted))
    return bad;
  if (auto bad = CheckWantedTime("BackoffStartInterval", wanted.mutable_backoff_start_interval(), wanted))
    return bad;
  if (!has_backoff) wanted.clear_backoff_start_interval();

  const auto& started = state.facts->started->workflow_execution_started_event_attributes();
  absl::Duration run = FromProto(wanted.workflow_run_timeout());
  if (run == absl::ZeroDuration()) run = FromProto(started.workflow_run_timeout());
  const absl::Duration execution = FromProto(started.workflow_execution_timeout());
  if (execution > absl::ZeroDuration())
    run = run > absl::ZeroDuration() ? std::min(run, execution) : execution;
  absl::Duration task = FromProto(wanted.workflow_task_timeout());
  if (task == absl::ZeroDuration()) task = state.workflow_task_timeout;
  task = std::min(task, limits::kMaxWorkflowTaskTimeout);
  if (run > absl::ZeroDuration()) task = std::min(task, run);
  *wanted.mutable_workflow_run_timeout() = ToProto(run);
  *wanted.mutable_workflow_task_timeout() = ToProto(task);
  return std::nullopt;
}

CommandResult CompleteWantedPolicy(Attributes& wanted) {
  if (!wanted.has_retry_policy()) return std::nullopt;
  FillDefaults(*wanted.mutable_retry_policy());
  const auto wrong = ValidateAndCap(*wanted.mutable_retry_policy());
  if (!wrong.has_value()) return std::nullopt;
  return BadContinueAsNew(
      fmt::format("invalid WorkflowRetryPolicy on ContinueAsNewWorkflowExecutionCommand: {}. {}", *wrong,
                  NamesShown(wanted)));
}

CommandResult CheckWantedAttributeNames(const NamespaceSettings& settings, const Attributes& wanted) {
  const absl::Status valid =
      CheckSearchAttributeNames(*settings.search_attributes, settings.name, wanted.search_attributes());
  if (valid.ok()) return std::nullopt;
  return CommandFailure{enums::WORKFLOW_TASK_FAILED_CAUSE_BAD_SEARCH_ATTRIBUTES,
                        std::string(valid.message())};
}

CommandResult CompleteWantedAttributes(const NamespaceSettings& settings, Attributes& wanted) {
  if (!wanted.has_search_attributes()) return std::nullopt;
  const absl::Status valid =
      CheckSearchAttributes(*settings.search_attributes, settings.name, wanted.search_attributes());
  if (!valid.ok()) {
    return CommandFailure{
        enums::WORKFLOW_TASK_FAILED_CAUSE_BAD_SEARCH_ATTRIBUTES,
        fmt::format("invalid SearchAttributes on ContinueAsNewWorkflowExecutionCommand: {}. {}",
                    std::string(valid.message()), NamesShown(wanted))};
  }
  NameTypes(*settings.search_attributes, *wanted.mutable_search_attributes());
  return std::nullopt;
}

CommandResult CheckWantedSizes(const State& state, const Attributes& wanted) {
  if (wanted.inherit_build_id() && wanted.task_queue().name() != state.task_queue) {
    return BadContinueAsNew("ContinueAsNew with UseCompatibleVersion cannot run on different task queue.");
  }
  if (wanted.input().ByteSizeLong() > limits::kBlobSize) {
    return BadContinueAsNew("ContinueAsNewWorkflowExecutionCommandAttributes. Input exceeds size limit.",
                            true);
  }
  if (wanted.memo().ByteSizeLong() > limits::kMemoSize) {
    return BadContinueAsNew("ContinueAsNewWorkflowExecutionCommandAttributes. Memo exceeds size limit.",
                            true);
  }
  if (const absl::Status sizes = CheckSearchAttributeSizes(wanted.search_attributes()); !sizes.ok()) {
    return BadContinueAsNew(std::string(sizes.message()), true);
  }
  return std::nullopt;
}

// Fills in what the command leaves to the run, in the real server's order, which decides between two errors.
CommandResult CompleteWanted(const Transition& transition, Attributes& wanted) {
  const State& state = transition.state();
  const NamespaceSettings& settings = transition.context().settings;
  if (auto bad = CheckWantedAttributeNames(settings, wanted)) return bad;
  if (auto bad = CompleteWantedNames(state, wanted)) return bad;
  if (auto bad = CompleteWantedTimes(state, wanted)) return bad;
  if (auto bad = CompleteWantedPolicy(wanted)) return bad;
  if (auto bad = CompleteWantedAttributes(settings, wanted)) return bad;
  return CheckWantedSizes(state, wanted);
}

// Nil payloads set nothing.
template <typename To>
void CopyWantedMemo(const Attributes& wanted, To& to) {
  if (wanted.has_memo()) MergePayloads(wanted.memo().fields(), *to.mutable_memo()->mutable_fields());
  if (wanted.has_search_attributes()) {
    MergePayloads(wanted.search_attributes().indexed_fields(),
                  *to.mutable_search_attributes()->mutable_indexed_fields());
  }
}

// What the closing event and the next run's first event have in common.
template <typename To>
void CopyWanted(const Attributes& wanted, To& to) {
  *to.mutable_workflow_type() = wanted.workflow_type();
  *to.mutable_task_queue() = wanted.task_queue();
  if (wanted.has_header()) *to.mutable_header() = wanted.header();
  if (wanted.has_input()) *to.mutable_input() = wanted.input();
  *to.mutable_workflow_run_timeout() = wanted.workflow_run_timeout();
  *to.mutable_workflow_task_timeout() = wanted.workflow_task_timeout();
  if (wanted.has_last_completion_result()) {
    *to.mutable_last_completion_result() = wanted.last_completion_result();
  }
  CopyWantedMemo(wanted, to);
}

HistoryEvent NewContinued(const CommandContext& context, const Command& command, const Attributes& wanted,
                          const Uuid& run_id) {
  HistoryEvent event =
      NewCommandEvent(context, command, enums::EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW);
  auto& continued = *event.mutable_workflow_execution_continued_as_new_event_attributes();
  CopyWanted(wanted, continued);
  continued.set_new_execution_run_id(run_id.ToString());
  continued.set_workflow_task_completed_event_id(context.completed_event_id);
  if (wanted.has_backoff_start_interval()) {
    *continued.mutable_backoff_start_interval() = wanted.backoff_start_interval();
  }
  continued.set_initiator(wanted.initiator());
  if (wanted.has_failure()) *continued.mutable_failure() = wanted.failure();
  continued.set_inherit_build_id(wanted.inherit_build_id());
  return event;
}

HistoryEvent NewStartedAsWanted(const Transition& transition, const Attributes& wanted, const Uuid& run_id) {
  HistoryEvent event = NewStartedAfter(transition, run_id);
  auto& started = *event.mutable_workflow_execution_started_event_attributes();
  CopyWanted(wanted, started);
  started.mutable_task_queue()->set_kind(enums::TASK_QUEUE_KIND_NORMAL);
  const bool named = wanted.initiator() != enums::CONTINUE_AS_NEW_INITIATOR_UNSPECIFIED;
  started.set_initiator(named ? wanted.initiator() : enums::CONTINUE_AS_NEW_INITIATOR_WORKFLOW);
  if (wanted.initiator() == enums::CONTINUE_AS_NEW_INITIATOR_RETRY) {
    const auto& was = transition.state().facts->started->workflow_execution_started_event_attributes();
    started.set_attempt(was.attempt() + 1);
  }
  if (wanted.has_retry_policy()) *started.mutable_retry_policy() = wanted.retry_policy();
  started.set_cron_schedule(wanted.cron_schedule());
  if (wanted.has_failure()) *started.mutable_continued_failure() = wanted.failure();
  std::optional<absl::Duration> backoff;
  if (wanted.has_backoff_start_interval()) backoff = FromProto(wanted.backoff_start_interval());
  if (const auto first = FirstTaskBackoff(transition, backoff)) {
    *started.mutable_first_workflow_task_backoff() = ToProto(*first);
  }
  return event;
}

}  // namespace

CommandResult ContinueAsNewWorkflowExecution(CommandContext& context, const Command& command) {
  if (CommandResult unhandled = RefuseUnhandled(context)) return unhandled;
  if (!command.has_continue_as_new_workflow_execution_command_attributes()) {
    return BadContinueAsNew(
        "ContinueAsNewWorkflowExecutionCommandAttributes is not set on "
        "ContinueAsNewWorkflowExecutionCommand.");
  }
  Transition& transition = context.transition;
  Attributes wanted = command.continue_as_new_workflow_execution_command_attributes();
  if (CommandResult bad = CompleteWanted(transition, wanted)) return bad;
  const Uuid run_id = MintRunId(transition.now(), transition.context().random);
  CloseRun(transition, NewContinued(context, command, wanted, run_id));
  BeginNextRun(transition, run_id, NewStartedAsWanted(transition, wanted, run_id));
  return std::nullopt;
}

}  // namespace perdure::engine::workflow
