#include <utility>

#include "engine/workflow/handle.h"
#include "engine/workflow/run/close.h"
#include "engine/workflow/workflow_tasks/workflow_task.h"

namespace perdure::engine::workflow {

void ClearSticky(Transition& transition) {
  if (transition.state().sticky_lost) {
    transition.HardenWorkflowTask();
    transition.RideAlong();
  }
  if (!transition.state().sticky.has_value()) return;
  perdure::engine::Change change;
  change.mutable_sticky_task_queue();
  transition.Change(std::move(change));
}

absl::StatusOr<Reply> Handle(Transition& transition, const ResetSticky& request) {
  if (absl::Status open = CheckOpen(transition.state()); !open.ok()) return open;
  if (request.rides) {
    transition.RideStickyReset();
  } else {
    ClearSticky(transition);
  }
  return Done{};
}

}  // namespace perdure::engine::workflow
