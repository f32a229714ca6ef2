#include "engine/workflow/handle.h"

namespace perdure::engine::workflow {

absl::StatusOr<Reply> Handle(Transition& transition, const HardenWorkflowTaskStart&) {
  // A speculative task stays one: whoever reads is shown nothing of it.
  const WorkflowTask* task = transition.state().workflow_task.pending();
  if (task != nullptr && task->schedule != WorkflowTask::Schedule::kSpeculative) {
    transition.HardenWorkflowTask();
  }
  return Done{};
}

}  // namespace perdure::engine::workflow
