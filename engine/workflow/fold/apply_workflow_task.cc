#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/limits.h"
#include "base/time.h"
#include "engine/values/payload.h"
#include "engine/workflow/commands/names.h"
#include "engine/workflow/fold/apply.h"
#include "engine/workflow/workflow_tasks/workflow_task.h"

namespace perdure::engine::workflow {
namespace {

namespace enums = temporal::api::enums::v1;
using temporal::api::history::v1::HistoryEvent;
using temporal::api::history::v1::WorkflowTaskCompletedEventAttributes;
using temporal::api::workflow::v1::WorkflowExecutionVersioningInfo;

void ApplyScheduled(State& state, const HistoryEvent& event) {
  const auto& scheduled = event.workflow_task_scheduled_event_attributes();
  WorkflowTask task;
  task.scheduled_event_id = event.event_id();
  task.attempt = scheduled.attempt();
  task.scheduled_time = FromProto(event.event_time());
  task.task_queue = scheduled.task_queue().name();
  task.sticky = scheduled.task_queue().kind() == enums::TASK_QUEUE_KIND_STICKY;
  if (task.sticky && state.sticky.has_value()) {
    task.start_by = task.scheduled_time + state.sticky->schedule_to_start_timeout;
  }
  task.start_to_close_timeout = FromProto(scheduled.start_to_close_timeout());
  state.workflow_task_attempt = task.attempt;
  state.workflow_task.Schedule(std::move(task));
  state.unreleased = false;  // where the row is gone that said so
}

constexpr char kReportedProblems[] = "TemporalReportedProblems";

void ForgetProblems(State& state) {
  state.workflow_task_problems = {};
  if (!state.search_attributes->indexed_fields().contains(kReportedProblems)) return;
  state.search_attributes.Mutable().mutable_indexed_fields()->erase(kReportedProblems);
}

std::vector<std::string> Told(const WorkflowTaskProblems& problems) {
  if (problems.timed_out) {
    return {"category=WorkflowTaskTimedOut", "cause=WorkflowTaskTimedOutCauseStartToClose"};
  }
  return {"category=WorkflowTaskFailed",
          absl::StrCat("cause=WorkflowTaskFailedCause", ShortName(problems.cause))};
}

// From a number of tasks on that nobody completed, the run says so in a search attribute, until one is
// completed. A failure of a sticky worker is tried again elsewhere before it counts.
void CountProblem(State& state) {
  if (!state.sticky.has_value()) ++state.workflow_task_problems.count;
  if (state.workflow_task_problems.count < limits::kWorkflowTaskProblemsReported) return;
  const auto told = KeywordListPayload(Told(state.workflow_task_problems));
  const auto& fields = state.search_attributes->indexed_fields();
  const auto known = fields.find(kReportedProblems);
  if (known != fields.end() && known->second.data() == told.data()) return;
  (*state.search_attributes.Mutable().mutable_indexed_fields())[kReportedProblems] = told;
}

// The one used longest ago gives way.
void AddUsed(const std::string& one, std::vector<std::string>& used) {
  if (one.empty() || std::find(used.begin(), used.end(), one) != used.end()) return;
  if (used.size() >= limits::kAutoResetPoints) used.erase(used.begin());
  used.push_back(one);
}

// Before the first completion of a version, all build ids of reset points are those of stamps.
DeploymentUse UseBefore(const State& state) {
  if (state.deployment_use != nullptr) return *state.deployment_use;
  DeploymentUse use;
  for (const auto& point : state.auto_reset_points->points())
    AddUsed(point.build_id(), use.stamped_build_ids);
  return use;
}

void NoteDeployment(State& state, const WorkflowTaskCompletedEventAttributes& completed) {
  if (state.deployment_use == nullptr && !completed.has_deployment_version()) return;
  DeploymentUse use = UseBefore(state);
  AddUsed(completed.worker_version().build_id(), use.stamped_build_ids);
  const auto& version = completed.deployment_version();
  if (completed.has_deployment_version()) {
    AddUsed(absl::StrCat(version.deployment_name(), ":", version.build_id()), use.versions);
  }
  if (completed.versioning_behavior() != enums::VERSIONING_BEHAVIOR_UNSPECIFIED) {
    WorkflowExecutionVersioningInfo info;
    info.set_behavior(completed.versioning_behavior());
    info.set_version(absl::StrCat(version.deployment_name(), ".", version.build_id()));
    *info.mutable_deployment_version() = version;
    use.info = std::make_shared<const WorkflowExecutionVersioningInfo>(std::move(info));
  } else if (use.info != nullptr) {
    use.info = std::make_shared<const WorkflowExecutionVersioningInfo>();
  }
  state.deployment_use = std::make_shared<const DeploymentUse>(std::move(use));
}

void ApplyCompleted(State& state, const EventPtr& event) {
  const auto& completed = event->workflow_task_completed_event_attributes();
  state.workflow_task.End();
  state.workflow_task_attempt = 1;
  state.close_attempted = false;
  ForgetProblems(state);
  state.previous_started_event_id = completed.started_event_id();
  state.last_completed_event_id = event->event_id();
  state.last_worker_identity = completed.identity();
  state.worker_deployment_name = completed.worker_deployment_name();
  NoteDeployment(state, completed);
  if (completed.has_worker_version()) {
    state.worker_version =
        std::make_shared<const temporal::api::common::v1::WorkerVersionStamp>(completed.worker_version());
  } else {
    state.worker_version = nullptr;
  }

  const std::string& build_id = completed.has_deployment_version() ? completed.deployment_version().build_id()
                                                                   : completed.worker_version().build_id();
  for (const auto& point : state.auto_reset_points->points()) {
    if (point.binary_checksum() == completed.binary_checksum() && point.build_id() == build_id) return;
  }
  auto* points = state.auto_reset_points.Mutable().mutable_points();
  if (points->size() == limits::kAutoResetPoints) points->erase(points->begin());
  auto* point = points->Add();
  point->set_binary_checksum(completed.binary_checksum());
  point->set_build_id(build_id);
  point->set_run_id(state.facts->run_id.ToString());
  point->set_first_workflow_task_completed_id(event->event_id());
  *point->mutable_create_time() = event->event_time();
  point->set_resettable(true);
}

// `counts`: the next attempt is a later one, unless the task was sticky.
void EndUnfinished(State& state, bool counts) {
  state.workflow_task_attempt = counts ? AttemptAfterFailure(state) : 1;
  state.sticky.reset();
  state.workflow_task.End();
}

void ApplyFailed(State& state, const HistoryEvent& event) {
  const auto cause = event.workflow_task_failed_event_attributes().cause();
  state.workflow_task_problems.timed_out = false;
  state.workflow_task_problems.cause = cause;
  CountProblem(state);
  EndUnfinished(state, cause != enums::WORKFLOW_TASK_FAILED_CAUSE_RESET_WORKFLOW);
  state.close_attempted = cause == enums::WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND;
}

void ApplyTimedOut(State& state, const HistoryEvent& event) {
  const bool started =
      event.workflow_task_timed_out_event_attributes().timeout_type() == enums::TIMEOUT_TYPE_START_TO_CLOSE;
  if (started) {
    state.workflow_task_problems.timed_out = true;
    CountProblem(state);
  }
  EndUnfinished(state, started);
  if (started) state.close_attempted = false;
}

}  // namespace

void fold_change::WorkflowTaskPending(State& state, const Change& change) {
  const auto& pending = change.workflow_task_pending();
  if (pending.none()) {
    CountProblem(state);
    state.workflow_task.End();
    state.workflow_task_attempt = pending.attempt();
    state.close_attempted = pending.close_attempted();
    return;
  }
  if (pending.transient()) {
    WorkflowTask task;
    task.scheduled_event_id = state.next_event_id;
    task.attempt = pending.attempt();
    task.schedule = WorkflowTask::Schedule::kTransient;
    task.scheduled_time = FromProto(pending.scheduled_time());
    task.task_queue = state.task_queue;
    task.start_to_close_timeout = FromProto(pending.start_to_close_timeout());
    state.workflow_task.Schedule(std::move(task));
  }
  if (pending.has_start_by()) state.workflow_task.SetStartBy(FromProto(pending.start_by()));
  if (pending.has_original_scheduled_time()) {
    state.workflow_task.SetHeartbeatsSince(FromProto(pending.original_scheduled_time()));
  }
}

void fold_change::StickyTaskQueueSet(State& state, const Change& change) {
  const auto& sticky = change.sticky_task_queue();
  if (!sticky.name().empty()) {
    state.sticky = StickyTaskQueue{sticky.name(), FromProto(sticky.schedule_to_start_timeout())};
    return;
  }
  state.sticky.reset();
  state.workflow_task.MoveToNormalQueue(state.task_queue);
}

void fold::WorkflowTaskScheduled(State& state, const EventPtr& event) { ApplyScheduled(state, *event); }

void fold::WorkflowTaskStarted(State& state, const EventPtr& event) {
  state.workflow_task.StartHard(event, nullptr);
}

void fold::WorkflowTaskCompleted(State& state, const EventPtr& event) { ApplyCompleted(state, event); }

void fold::WorkflowTaskFailed(State& state, const EventPtr& event) { ApplyFailed(state, *event); }

void fold::WorkflowTaskTimedOut(State& state, const EventPtr& event) { ApplyTimedOut(state, *event); }

void fold_change::TransientWorkflowTaskStarted(State& state, const Change& change) {
  const auto& started = change.transient_workflow_task_started();
  state.workflow_task.StartHard(std::make_shared<const HistoryEvent>(started.started()),
                                std::make_shared<const HistoryEvent>(started.scheduled()));
}

}  // namespace perdure::engine::workflow
