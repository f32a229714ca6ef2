#include <utility>

#include "engine/workflow/workflow_tasks/workflow_task.h"

namespace perdure::engine::workflow {

namespace enums = temporal::api::enums::v1;

void FireWorkflowTaskTimeouts(Transition& transition) {
  const State& state = transition.state();
  const std::optional<Deadline> due = NextWorkflowTaskTimeout(state);
  if (!due.has_value() || transition.now() < due->at) return;
  if (state.workflow_task.running() != nullptr) {
    TimeOutRunningTask(transition);
    transition.Say(WorkflowTaskTimedOut{enums::TIMEOUT_TYPE_START_TO_CLOSE});
  } else {
    HistoryEvent event = transition.NewEvent(enums::EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT);
    auto* timed_out = event.mutable_workflow_task_timed_out_event_attributes();
    timed_out->set_scheduled_event_id(state.workflow_task.waiting()->scheduled_event_id);
    timed_out->set_timeout_type(enums::TIMEOUT_TYPE_SCHEDULE_TO_START);
    transition.Emit(std::move(event));
    transition.Say(WorkflowTaskTimedOut{enums::TIMEOUT_TYPE_SCHEDULE_TO_START});
  }
  ScheduleWorkflowTask(transition);
}

std::optional<Deadline> NextWorkflowTaskTimeout(const State& state) {
  const WorkflowTask* task = state.workflow_task.pending();
  if (!state.IsOpen() || task == nullptr) return std::nullopt;
  if (task->IsRunning()) return Deadline{*task->started_time + task->start_to_close_timeout, kAfterEvents};
  if (!task->start_by.has_value()) return std::nullopt;
  return Deadline{*task->start_by, task->scheduled_event_id};
}

}  // namespace perdure::engine::workflow
