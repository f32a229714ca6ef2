#include "tests/simulation/program.h"

#include <fmt/format.h>

#include <utility>

#include "absl/strings/numbers.h"
#include "base/time.h"
#include "temporal/api/enums/v1/command_type.pb.h"
#include "tests/simulation/progress.h"

namespace perdure::simulation {
namespace {

namespace enums = temporal::api::enums::v1;
using temporal::api::command::v1::Command;
using temporal::api::history::v1::History;

Command BeginTimer(const Step& step, const std::string& name) {
  Command command;
  command.set_command_type(enums::COMMAND_TYPE_START_TIMER);
  auto& timer = *command.mutable_start_timer_command_attributes();
  timer.set_timer_id(name);
  *timer.mutable_start_to_fire_timeout() = ToProto(step.duration);
  return command;
}

Command BeginActivity(const ActivityPlan& plan, const std::string& name) {
  Command command;
  command.set_command_type(enums::COMMAND_TYPE_SCHEDULE_ACTIVITY_TASK);
  auto& activity = *command.mutable_schedule_activity_task_command_attributes();
  activity.set_activity_id(name);
  activity.mutable_activity_type()->set_name("step");
  activity.mutable_task_queue()->set_name(plan.rare ? kRareQueue : kTaskQueue);
  activity.mutable_start_to_close_timeout()->set_seconds(5);
  // A worker learns from its input how often to fail.
  activity.mutable_input()->add_payloads()->set_data(std::to_string(plan.failures));
  return command;
}

Command BeginChild(const ChildPlan& plan, const std::string& name) {
  Command command;
  command.set_command_type(enums::COMMAND_TYPE_START_CHILD_WORKFLOW_EXECUTION);
  auto& child = *command.mutable_start_child_workflow_execution_command_attributes();
  child.set_workflow_id(plan.workflow_id);
  child.mutable_workflow_type()->set_name("planned");
  child.mutable_task_queue()->set_name(kTaskQueue);
  *child.mutable_workflow_task_timeout() = ToProto(absl::Seconds(5));
  if (plan.run_timeout > absl::ZeroDuration())
    *child.mutable_workflow_run_timeout() = ToProto(plan.run_timeout);
  child.set_parent_close_policy(plan.policy);
  child.set_control(name);
  if (plan.once) child.set_workflow_id_reuse_policy(enums::WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE);
  if (plan.retried) *child.mutable_retry_policy() = RetryPolicyOfFamilies();
  return command;
}

Command BeginTelling(const TellingPlan& plan, const std::string& name) {
  Command command;
  if (plan.cancels) {
    command.set_command_type(enums::COMMAND_TYPE_REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION);
    auto& cancel = *command.mutable_request_cancel_external_workflow_execution_command_attributes();
    cancel.set_workflow_id(plan.workflow_id);
    cancel.set_control(name);
    cancel.set_child_workflow_only(plan.child_only);
    return command;
  }
  command.set_command_type(enums::COMMAND_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION);
  auto& signal = *command.mutable_signal_external_workflow_execution_command_attributes();
  signal.mutable_execution()->set_workflow_id(plan.workflow_id);
  signal.set_signal_name(name);
  signal.set_control(name);
  signal.set_child_workflow_only(plan.child_only);
  return command;
}

// What is begun of the step, and what of it has ended: names by the place of the step, and of its activity.
struct StepProgress {
  bool ended = true;
  std::vector<Command> to_begin;
};

StepProgress ProgressOf(const Step& step, const std::string& name, const Progress& progress) {
  StepProgress here;
  const auto is_awaited = [&](const std::string& part) {
    switch (step.until) {
      case Step::Until::kInitiated:
        return false;
      case Step::Until::kStarted:
        return !progress.started.contains(part) && !progress.ended.contains(part);
      case Step::Until::kEnded:
        break;
    }
    return !progress.ended.contains(part);
  };
  const auto look_at = [&](const std::string& part, const auto& begin) {
    here.ended = here.ended && !is_awaited(part);
    if (!progress.begun.contains(part)) here.to_begin.push_back(begin(part));
  };
  if (step.kind == Step::Kind::kTimer) {
    look_at(name, [&](const std::string& part) { return BeginTimer(step, part); });
  }
  for (size_t i = 0; i < step.activities.size(); ++i) {
    look_at(fmt::format("{}.{}", name, i),
            [&](const std::string& part) { return BeginActivity(step.activities[i], part); });
  }
  for (size_t i = 0; i < step.children.size(); ++i) {
    look_at(fmt::format("{}.{}", name, i),
            [&](const std::string& part) { return BeginChild(step.children[i], part); });
  }
  for (size_t i = 0; i < step.tellings.size(); ++i) {
    look_at(fmt::format("{}.{}", name, i),
            [&](const std::string& part) { return BeginTelling(step.tellings[i], part); });
  }
  return here;
}

// How many runs of the chain came before this one.
int PlaceInChain(const WorkflowPlan& plan, const History& history) {
  const auto& started = history.events(0).workflow_execution_started_event_attributes();
  if (plan.retried) return started.attempt() - 1;
  int place = 0;
  const bool named = started.input().payloads_size() == 1;
  return named && absl::SimpleAtoi(started.input().payloads(0).data(), &place) ? place : 0;
}

Command End(const WorkflowPlan& plan, const History& history) {
  Command end;
  const int place = history.events().empty() ? 0 : PlaceInChain(plan, history);
  if (place >= plan.next_runs && plan.fails) {
    end.set_command_type(enums::COMMAND_TYPE_FAIL_WORKFLOW_EXECUTION);
    auto& failure = *end.mutable_fail_workflow_execution_command_attributes()->mutable_failure();
    failure.set_message("for good");
    failure.mutable_application_failure_info()->set_non_retryable(true);
  } else if (place >= plan.next_runs) {
    end.set_command_type(enums::COMMAND_TYPE_COMPLETE_WORKFLOW_EXECUTION);
    end.mutable_complete_workflow_execution_command_attributes()->mutable_result()->add_payloads()->set_data(
        ResultOf(plan));
  } else if (plan.retried) {
    end.set_command_type(enums::COMMAND_TYPE_FAIL_WORKFLOW_EXECUTION);
    end.mutable_fail_workflow_execution_command_attributes()->mutable_failure()->set_message("again");
  } else {
    end.set_command_type(enums::COMMAND_TYPE_CONTINUE_AS_NEW_WORKFLOW_EXECUTION);
    auto& next = *end.mutable_continue_as_new_workflow_execution_command_attributes();
    next.mutable_input()->add_payloads()->set_data(std::to_string(place + 1));
    *next.mutable_workflow_run_timeout() =
        history.events(0).workflow_execution_started_event_attributes().workflow_run_timeout();
  }
  return end;
}

}  // namespace

absl::StatusOr<std::vector<Command>> NextCommands(const WorkflowPlan& plan, const History& history) {
  absl::StatusOr<Progress> progress = ReadProgress(history);
  if (!progress.ok()) return progress.status();
  std::vector<Command> commands;
  if (progress->cancel_requested) {
    Command& cancel = commands.emplace_back();
    cancel.set_command_type(enums::COMMAND_TYPE_CANCEL_WORKFLOW_EXECUTION);
    cancel.mutable_cancel_workflow_execution_command_attributes();
    return commands;
  }
  int signals_used = 0;
  for (size_t i = 0; i < plan.steps.size(); ++i) {
    const Step& step = plan.steps[i];
    if (step.kind == Step::Kind::kForever) return commands;
    if (step.kind == Step::Kind::kSignal) {
      if (signals_used++ < progress->signals) continue;
      return commands;
    }
    // Nobody may cancel a child in the task that starts it.
    if (step.kind == Step::Kind::kTellings && !commands.empty()) return commands;
    StepProgress here = ProgressOf(step, std::to_string(i), *progress);
    for (Command& command : here.to_begin) commands.push_back(std::move(command));
    if (!here.ended) return commands;
  }
  commands.push_back(End(plan, history));
  return commands;
}

temporal::api::common::v1::RetryPolicy RetryPolicyOfFamilies() {
  temporal::api::common::v1::RetryPolicy policy;
  *policy.mutable_initial_interval() = ToProto(absl::Seconds(1));
  *policy.mutable_maximum_interval() = ToProto(absl::Seconds(4));
  policy.set_backoff_coefficient(2);
  policy.set_maximum_attempts(kMostAttemptsOfFamilies);
  return policy;
}

std::string ResultOf(const WorkflowPlan& plan) {
  return fmt::format("{} after {} steps", plan.workflow_id, plan.steps.size());
}

}  // namespace perdure::simulation
