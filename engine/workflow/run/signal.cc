#include "engine/workflow/run/signal.h"

#include <utility>

#include "base/limits.h"
#include "base/status.h"
#include "engine/workflow/handle.h"
#include "engine/workflow/run/close.h"
#include "engine/workflow/timers/execution_timers.h"
#include "engine/workflow/workflow_tasks/workflow_task.h"

namespace perdure::engine::workflow {

namespace enums = temporal::api::enums::v1;

absl::Status CheckSignalSize(const temporal::api::common::v1::Payloads& input) {
  if (input.ByteSizeLong() <= limits::kBlobSize) return absl::OkStatus();
  return InvalidArgument("Blob data size exceeds limit.");
}

absl::Status CheckTakesSignal(const State& state, const temporal::api::common::v1::Payloads& input) {
  if (absl::Status open = CheckOpen(state); !open.ok()) return open;
  if (absl::Status small = CheckSignalSize(input); !small.ok()) return small;
  if (state.signal_count >= limits::kSignals) {
    return InvalidArgument("exceeded workflow execution limit for signal events");
  }
  if (state.close_attempted && state.workflow_task.running() != nullptr) return WorkflowClosing();
  return absl::OkStatus();
}

HistoryEvent NewSignaled(const Transition& transition) {
  return transition.NewEvent(enums::EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED);
}

HistoryEvent SignaledBy(const api::SignalWorkflowExecutionRequest& request, const Transition& transition) {
  HistoryEvent event = NewSignaled(transition);
  auto* signaled = event.mutable_workflow_execution_signaled_event_attributes();
  signaled->set_signal_name(request.signal_name());
  if (request.has_input()) *signaled->mutable_input() = request.input();
  signaled->set_identity(request.identity());
  if (request.has_header()) *signaled->mutable_header() = request.header();
  signaled->set_request_id(request.request_id());
  *event.mutable_links() = request.links();
  return event;
}

void TakeSignal(Transition& transition, HistoryEvent signaled) {
  transition.EmitOrBuffer(std::move(signaled));
  // Unlike a cancel request, a signal does not shorten a start delay.
  if (!IsDelayed(transition.state(), transition.now())) ScheduleWorkflowTask(transition);
}

absl::StatusOr<Reply> Handle(Transition& transition, const Signal& signal) {
  const auto& request = signal.request;
  const State& state = transition.state();
  if (!request.request_id().empty() && state.signal_request_ids->contains(request.request_id()))
    return Done{};
  if (absl::Status status = CheckTakesSignal(state, request.input()); !status.ok()) return status;
  TakeSignal(transition, SignaledBy(request, transition));
  if (signal.with_start) ScheduleWorkflowTask(transition);
  return Done{};
}

}  // namespace perdure::engine::workflow
