// A workflow task that no event tells of unless it must.
#include <utility>

#include "base/limits.h"
#include "engine/workflow/workflow_tasks/workflow_task.h"

namespace perdure::engine::workflow {

void ScheduleSpeculativeTask(Transition& transition) {
  const State& state = transition.state();
  if (!state.IsOpen() || state.unreleased || state.workflow_task.pending() != nullptr) return;
  WorkflowTask task;
  task.schedule = WorkflowTask::Schedule::kSpeculative;
  task.scheduled_event_id = state.next_event_id;
  task.scheduled_time = transition.now();
  task.sticky = state.sticky.has_value();
  task.task_queue = task.sticky ? state.sticky->name : state.task_queue;
  task.start_by = transition.now() +
                  (task.sticky ? state.sticky->schedule_to_start_timeout : limits::kSpeculativeTaskWait);
  task.start_to_close_timeout = state.workflow_task_timeout;
  transition.ScheduleSpeculative(std::move(task));
}

}  // namespace perdure::engine::workflow
