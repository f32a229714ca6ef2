#include "engine/workflow/fold/apply.h"
#include "engine/workflow/messages/children.h"

namespace perdure::engine::workflow {
namespace {

using Externals = Cow<absl::btree_map<int64_t, PendingExternal>>;

// An outcome that was buffered did this when it arrived.
void Settle(Externals& externals, int64_t initiated_event_id) {
  if (externals->contains(initiated_event_id)) externals.Mutable().erase(initiated_event_id);
}

}  // namespace

void fold::SignalInitiated(State& state, const EventPtr& event) {
  state.external_signals.Mutable()[event->event_id()].initiated = event;
}

void fold::SignalFailed(State& state, const EventPtr& event) {
  Settle(state.external_signals,
         event->signal_external_workflow_execution_failed_event_attributes().initiated_event_id());
}

void fold::ExternalSignaled(State& state, const EventPtr& event) {
  Settle(state.external_signals,
         event->external_workflow_execution_signaled_event_attributes().initiated_event_id());
}

void fold::CancelInitiated(State& state, const EventPtr& event) {
  state.external_cancels.Mutable()[event->event_id()].initiated = event;
}

void fold::CancelFailed(State& state, const EventPtr& event) {
  Settle(state.external_cancels,
         event->request_cancel_external_workflow_execution_failed_event_attributes().initiated_event_id());
}

void fold::ExternalCancelRequested(State& state, const EventPtr& event) {
  Settle(state.external_cancels,
         event->external_workflow_execution_cancel_requested_event_attributes().initiated_event_id());
}

}  // namespace perdure::engine::workflow
