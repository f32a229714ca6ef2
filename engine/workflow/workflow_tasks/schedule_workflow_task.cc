#include "base/time.h"
#include "engine/workflow/workflow_tasks/workflow_task.h"

namespace perdure::engine::workflow {

void ScheduleWorkflowTask(Transition& transition, std::optional<absl::Time> heartbeats_since) {
  const State& state = transition.state();
  if (!state.IsOpen() || state.unreleased || state.workflow_task.pending() != nullptr) return;
  transition.FlushBuffer();
  const int32_t attempt = state.workflow_task_attempt;
  const absl::Duration timeout = StartToCloseTimeout(state, attempt, transition.context().random);
  if (attempt > 1) {
    perdure::engine::Change change;
    auto* pending = change.mutable_workflow_task_pending();
    pending->set_attempt(attempt);
    pending->set_transient(true);
    *pending->mutable_scheduled_time() = ToProto(transition.now());
    *pending->mutable_start_to_close_timeout() = ToProto(timeout);
    transition.Change(std::move(change));
    return;
  }
  transition.Emit(NewWorkflowTaskScheduled(state, transition.now(), attempt, timeout));
  if (heartbeats_since.has_value()) {
    perdure::engine::Change change;
    auto* pending = change.mutable_workflow_task_pending();
    pending->set_attempt(attempt);
    *pending->mutable_scheduled_time() = ToProto(transition.now());
    *pending->mutable_original_scheduled_time() = ToProto(*heartbeats_since);
    transition.Change(std::move(change));
  }
}

}  // namespace perdure::engine::workflow
