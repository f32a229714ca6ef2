#include <utility>

#include "engine/workflow/handle.h"
#include "engine/workflow/run/close.h"

namespace perdure::engine::workflow {

absl::StatusOr<Reply> Handle(Transition& transition, const Terminate& terminate) {
  const auto& request = terminate.request;
  if (absl::Status open = CheckOpen(transition.state()); !open.ok()) return open;
  if (absl::Status chain = CheckChain(transition.state(), request.first_execution_run_id()); !chain.ok()) {
    return chain;
  }
  HistoryEvent event = NewTerminated(transition, request.reason(), request.identity());
  if (request.has_details()) {
    *event.mutable_workflow_execution_terminated_event_attributes()->mutable_details() = request.details();
  }
  *event.mutable_links() = request.links();
  ForceClose(transition, std::move(event));
  return Done{};
}

}  // namespace perdure::engine::workflow
