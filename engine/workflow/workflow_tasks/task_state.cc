#include "engine/workflow/workflow_tasks/task_state.h"

#include <utility>

#include "base/check.h"
#include "base/time.h"
#include "engine/workflow/workflow_tasks/workflow_task.h"

namespace perdure::engine::workflow {

bool WorkflowTaskState::IsVolatile() const {
  return task_.has_value() && (task_->schedule == WorkflowTask::Schedule::kSpeculative ||
                               task_->start == WorkflowTask::Start::kSoft);
}

std::optional<WorkflowTask> WorkflowTaskState::Durable() const {
  WorkflowTaskState durable = *this;
  durable.DropVolatile();
  return std::move(durable.task_);
}

void WorkflowTaskState::Schedule(WorkflowTask task) {
  PERDURE_CHECK(!task_.has_value() || task_->IsTransient(), "a run has one workflow task at a time");
  PERDURE_CHECK(!task.IsRunning() && task.started_event_id == 0,
                "a workflow task is scheduled before it starts");
  PERDURE_CHECK(task.scheduled_event_id > 0 && task.attempt > 0, "a workflow task has an id and an attempt");
  task_ = std::move(task);
}

void WorkflowTaskState::StartHard(EventPtr started, EventPtr scheduled) {
  PERDURE_CHECK(waiting() != nullptr, "only a waiting workflow task can be started");
  PERDURE_CHECK(task_->schedule != WorkflowTask::Schedule::kSpeculative,
                "a speculative workflow task becomes durable before its start does");
  Start(WorkflowTask::Start::kHard, std::move(started), std::move(scheduled));
}

void WorkflowTaskState::StartSoft(EventPtr started, EventPtr scheduled) {
  PERDURE_CHECK(waiting() != nullptr, "only a waiting workflow task can be started");
  Start(WorkflowTask::Start::kSoft, std::move(started), std::move(scheduled));
}

void WorkflowTaskState::Start(WorkflowTask::Start start, EventPtr started, EventPtr scheduled) {
  PERDURE_CHECK(task_->IsAhead() == (scheduled != nullptr),
                "the event of a schedule stands in the log or with the task");
  task_->start = start;
  task_->started_event_id = started->event_id();
  task_->started_time = FromProto(started->event_time());
  task_->start_nonce = StartNonce(*started);
  task_->identity = started->workflow_task_started_event_attributes().identity();
  task_->scheduled = std::move(scheduled);
  task_->started = std::move(started);
}

void WorkflowTaskState::Restore(WorkflowTask task) {
  PERDURE_CHECK(!task_.has_value(), "a run has one workflow task at a time");
  task_ = std::move(task);
  PERDURE_CHECK(!IsVolatile(), "what is volatile is in no snapshot");
}

WorkflowTask WorkflowTaskState::TakeVolatile() {
  PERDURE_CHECK(IsVolatile(), "only what is volatile can be taken away");
  WorkflowTask task = *task_;
  DropVolatile();
  return task;
}

void WorkflowTaskState::DropVolatile() {
  if (!IsVolatile()) return;
  if (task_->schedule == WorkflowTask::Schedule::kSpeculative) return task_.reset();
  task_->start = WorkflowTask::Start::kNo;
  task_->started_event_id = 0;
  task_->started_time.reset();
  task_->start_nonce.clear();
  task_->identity.clear();
  task_->scheduled = nullptr;
  task_->started = nullptr;
}

void WorkflowTaskState::MoveToNormalQueue(const std::string& task_queue) {
  if (waiting() == nullptr) return;
  task_->task_queue = task_queue;
  task_->sticky = false;
}

void WorkflowTaskState::SetStartBy(absl::Time start_by) {
  PERDURE_CHECK(waiting() != nullptr, "only a waiting task can be started too late");
  task_->start_by = start_by;
}

void WorkflowTaskState::SetHeartbeatsSince(absl::Time since) {
  PERDURE_CHECK(task_.has_value(), "only a scheduled task continues a chain of heartbeats");
  task_->original_scheduled_time = since;
}

}  // namespace perdure::engine::workflow
