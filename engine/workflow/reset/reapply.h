// What a run that is reset takes over of what came after the point: of its base, and of the runs that
// continued it. Pure functions over a Transition.
#pragma once

#include "engine/workflow/request.h"
#include "engine/workflow/transition.h"

namespace perdure::engine::workflow {

// What a client does not want.
struct NotReapplied {
  bool signals = false;
  bool updates = false;
  // Nothing is wanted. What became of signals and cancels of other workflows is taken over all the same: they
  // were sent, and would be again.
  bool everything = false;
};
NotReapplied NotReappliedOf(const api::ResetWorkflowExecutionRequest& request);

// Takes the event over, under the next id, if it is of the kind that is. REQUIRES: no workflow task runs.
void Reapply(Transition& transition, const HistoryEvent& event, const NotReapplied& unwanted);

}  // namespace perdure::engine::workflow
