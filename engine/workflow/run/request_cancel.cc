#include <utility>

#include "base/status.h"
#include "engine/workflow/handle.h"
#include "engine/workflow/run/cancel.h"
#include "engine/workflow/run/close.h"
#include "engine/workflow/workflow_tasks/workflow_task.h"

namespace perdure::engine::workflow {

absl::StatusOr<Reply> Handle(Transition& transition, const RequestCancel& cancel) {
  const auto& request = cancel.request;
  const State& state = transition.state();
  // A run that has ended needs no cancel: the request is fulfilled.
  if (!state.IsOpen()) return Done{};
  if (absl::Status chain = CheckChain(state, request.first_execution_run_id()); !chain.ok()) return chain;
  TakeCancel(transition, {.identity = request.identity(),
                          .request_id = request.request_id(),
                          .reason = request.reason(),
                          .sender = nullptr,
                          .initiated_event_id = 0,
                          .links = &request.links()});
  return Done{};
}

void TakeCancel(Transition& transition, const CancelSource& source) {
  if (transition.state().CancelRequested()) return;
  HistoryEvent event =
      transition.NewEvent(temporal::api::enums::v1::EVENT_TYPE_WORKFLOW_EXECUTION_CANCEL_REQUESTED);
  auto* requested = event.mutable_workflow_execution_cancel_requested_event_attributes();
  requested->set_cause(source.reason);
  requested->set_identity(source.identity);
  if (source.sender != nullptr) *requested->mutable_external_workflow_execution() = *source.sender;
  requested->set_external_initiated_event_id(source.initiated_event_id);
  if (source.links != nullptr) *event.mutable_links() = *source.links;
  transition.EmitOrBuffer(std::move(event));
  perdure::engine::Change change;
  change.mutable_request_seen()->set_kind(perdure::engine::RequestSeen::CANCEL);
  change.mutable_request_seen()->set_request_id(source.request_id);
  transition.Change(std::move(change));
  ScheduleWorkflowTask(transition);
}

}  // namespace perdure::engine::workflow
