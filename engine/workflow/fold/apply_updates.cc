#include <algorithm>

#include "engine/workflow/fold/apply.h"

namespace perdure::engine::workflow {
namespace {

// No event told of it until now.
void Forget(State& state, const std::string& update_id) {
  const auto is_it = [&](const AdmittedUpdate& update) { return update.id() == update_id; };
  const auto& waiting = *state.admitted_updates;
  if (std::any_of(waiting.begin(), waiting.end(), is_it)) {
    std::erase_if(state.admitted_updates.Mutable(), is_it);
  }
}

RecordedUpdate& Recorded(State& state, const std::string& update_id) {
  const auto [entry, is_new] = state.updates.Mutable().try_emplace(update_id);
  if (is_new) ++state.updates_in_flight;
  return entry->second;
}

}  // namespace

void fold::UpdateAdmitted(State& state, const EventPtr& event) {
  const auto& admitted = event->workflow_execution_update_admitted_event_attributes();
  Recorded(state, admitted.request().meta().update_id()).admitted_event_id = event->event_id();
}

void fold::UpdateAccepted(State& state, const EventPtr& event) {
  const auto& accepted = event->workflow_execution_update_accepted_event_attributes();
  Forget(state, accepted.protocol_instance_id());
  Recorded(state, accepted.protocol_instance_id()).accepted_event_id = event->event_id();
  const std::string& request_id = accepted.accepted_request().request_id();
  if (!request_id.empty()) state.start_request_ids.Mutable().try_emplace(request_id, event->event_id());
}

void fold::UpdateCompleted(State& state, const EventPtr& event) {
  const auto& completed = event->workflow_execution_update_completed_event_attributes();
  Recorded(state, completed.meta().update_id()).completed_event_id = event->event_id();
  --state.updates_in_flight;
}

void fold_change::UpdateRejected(State& state, const Change& change) {
  state.updates.Mutable().erase(change.update_rejected().update_id());
  --state.updates_in_flight;
}

}  // namespace perdure::engine::workflow
