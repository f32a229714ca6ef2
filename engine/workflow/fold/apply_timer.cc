#include "base/time.h"
#include "engine/workflow/fold/apply.h"

namespace perdure::engine::workflow {
namespace {

void AddTimer(State& state, const temporal::api::history::v1::HistoryEvent& event) {
  const auto& attributes = event.timer_started_event_attributes();
  Timer timer;
  timer.started_event_id = event.event_id();
  timer.timer_id = attributes.timer_id();
  timer.fires_at = FromProto(event.event_time()) + FromProto(attributes.start_to_fire_timeout());
  state.timers.Mutable()[attributes.timer_id()] = std::move(timer);
}

// A firing that was buffered removed the timer when it arrived; by the time it gets its id, the timer's own
// id may belong to another one.
void RemoveTimer(State& state, const std::string& timer_id, int64_t started_event_id) {
  auto found = state.timers->find(timer_id);
  if (found == state.timers->end() || found->second.started_event_id != started_event_id) return;
  state.timers.Mutable().erase(timer_id);
}

}  // namespace

void fold::TimerStarted(State& state, const EventPtr& event) { AddTimer(state, *event); }

void fold::TimerFired(State& state, const EventPtr& event) {
  const auto& attributes = event->timer_fired_event_attributes();
  RemoveTimer(state, attributes.timer_id(), attributes.started_event_id());
}

void fold::TimerCanceled(State& state, const EventPtr& event) {
  const auto& attributes = event->timer_canceled_event_attributes();
  RemoveTimer(state, attributes.timer_id(), attributes.started_event_id());
}

}  // namespace perdure::engine::workflow
