#include "engine/workflow/handle.h"

namespace perdure::engine::workflow {

absl::StatusOr<Reply> Handle(Transition& transition, const HardenWorkflowTaskStart&) {
  transition.HardenSoftStart();
  return Done{};
}

}  // namespace perdure::engine::workflow
