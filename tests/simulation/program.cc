#include "tests/simulation/program.h"

#include <fmt/format.h>

#include <map>
#include <set>

#include "absl/strings/numbers.h"
#include "base/time.h"
#include "temporal/api/enums/v1/command_type.pb.h"
#include "temporal/api/enums/v1/event_type.pb.h"

namespace perdure::simulation {
namespace {

namespace enums = temporal::api::enums::v1;
using temporal::api::command::v1::Command;
using temporal::api::history::v1::History;

// What a history says about the steps; steps are named by their place.
struct Progress {
  std::map<int64_t, std::string> activity_of_event;
  std::set<std::string> begun;
  std::set<std::string> ended;
  int signals = 0;
};

absl::StatusOr<Progress> Read(const History& history) {
  Progress progress;
  for (const auto& event : history.events()) {
    if (event.has_activity_task_scheduled_event_attributes()) {
      const auto& scheduled = event.activity_task_scheduled_event_attributes();
      progress.activity_of_event[event.event_id()] = scheduled.activity_id();
      if (!progress.begun.insert(scheduled.activity_id()).second) {
        return absl::DataLossError("an activity was scheduled twice");
      }
    } else if (event.has_activity_task_completed_event_attributes()) {
      const int64_t scheduled = event.activity_task_completed_event_attributes().scheduled_event_id();
      if (!progress.ended.insert(progress.activity_of_event[scheduled]).second) {
        return absl::DataLossError("an activity completed twice");
      }
    } else if (event.has_timer_started_event_attributes()) {
      progress.begun.insert(event.timer_started_event_attributes().timer_id());
    } else if (event.has_timer_fired_event_attributes()) {
      if (!progress.ended.insert(event.timer_fired_event_attributes().timer_id()).second) {
        return absl::DataLossError("a timer fired twice");
      }
    } else if (event.has_workflow_execution_signaled_event_attributes()) {
      ++progress.signals;
    } else if (event.event_type() == enums::EVENT_TYPE_ACTIVITY_TASK_FAILED ||
               event.event_type() == enums::EVENT_TYPE_ACTIVITY_TASK_TIMED_OUT) {
      return absl::DataLossError("an activity that retries for ever ended");
    }
  }
  return progress;
}

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

// What is begun of the step, and what of it has ended: names by the place of the step, and of its activity.
struct StepProgress {
  bool ended = true;
  std::vector<Command> to_begin;
};

StepProgress ProgressOf(const Step& step, const std::string& name, const Progress& progress) {
  StepProgress here;
  const auto look_at = [&](const std::string& part, const auto& begin) {
    if (progress.ended.contains(part)) return;
    here.ended = false;
    if (!progress.begun.contains(part)) here.to_begin.push_back(begin(part));
  };
  if (step.kind == Step::Kind::kTimer) {
    look_at(name, [&](const std::string& part) { return BeginTimer(step, part); });
  }
  for (size_t i = 0; i < step.activities.size(); ++i) {
    look_at(fmt::format("{}.{}", name, i),
            [&](const std::string& part) { return BeginActivity(step.activities[i], part); });
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
  if (place >= plan.next_runs) {
    end.set_command_type(enums::COMMAND_TYPE_COMPLETE_WORKFLOW_EXECUTION);
    end.mutable_complete_workflow_execution_command_attributes()->mutable_result()->add_payloads()->set_data(
        ResultOf(plan));
  } else if (plan.retried) {
    end.set_command_type(enums::COMMAND_TYPE_FAIL_WORKFLOW_EXECUTION);
    end.mutable_fail_workflow_execution_command_attributes()->mutable_failure()->set_message("again");
  } else {
    end.set_command_type(enums::COMMAND_TYPE_CONTINUE_AS_NEW_WORKFLOW_EXECUTION);
    end.mutable_continue_as_new_workflow_execution_command_attributes()
        ->mutable_input()
        ->add_payloads()
        ->set_data(std::to_string(place + 1));
  }
  return end;
}

}  // namespace

absl::StatusOr<std::vector<Command>> NextCommands(const WorkflowPlan& plan, const History& history) {
  absl::StatusOr<Progress> progress = Read(history);
  if (!progress.ok()) return progress.status();
  int signals_used = 0;
  for (size_t i = 0; i < plan.steps.size(); ++i) {
    const Step& step = plan.steps[i];
    if (step.kind == Step::Kind::kSignal) {
      if (signals_used++ < progress->signals) continue;
      return std::vector<Command>{};
    }
    StepProgress here = ProgressOf(step, std::to_string(i), *progress);
    if (!here.ended) return std::move(here.to_begin);
  }
  return std::vector<Command>{End(plan, history)};
}

std::string ResultOf(const WorkflowPlan& plan) {
  return fmt::format("{} after {} steps", plan.workflow_id, plan.steps.size());
}

}  // namespace perdure::simulation
