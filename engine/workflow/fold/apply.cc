#include "engine/workflow/fold/apply.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/time.h"
#include "engine/workflow/fold/change_table.h"
#include "engine/workflow/fold/event_table.h"
#include "engine/workflow/run/external_payloads.h"

namespace perdure::engine::workflow {
namespace {

using perdure::engine::Change;

// What an event does, whenever that is: when it gets its id, or when it is buffered.
void ApplyEffect(State& state, const EventPtr& event) {
  const EventRow* row = FindEventRow(event->event_type());
  if (row == nullptr) CheckFailed(__FILE__, __LINE__, "event type", "this release writes no such event");
  row->fold(state, event);
}

}  // namespace

void ApplyEvent(State& state, const EventPtr& event, size_t framed_bytes) {
  PERDURE_CHECK(event->event_id() == state.next_event_id, "event ids follow each other without a gap");
  ++state.next_event_id;
  state.history_size_bytes += static_cast<int64_t>(framed_bytes);
  const ExternalPayloads external = ExternalPayloadsOf(*event);
  state.external_payloads.count += external.count;
  state.external_payloads.size_bytes = static_cast<int64_t>(
      static_cast<uint64_t>(state.external_payloads.size_bytes) + static_cast<uint64_t>(external.size_bytes));
  state.last_event_time = std::max(state.last_event_time, FromProto(event->event_time()));
  ApplyEffect(state, event);
}

void fold::Nothing(State& /*state*/, const EventPtr& /*event*/) {}

void ApplyChange(State& state, const Change& change) {
  PERDURE_CHECK(change.at_event_id() == state.next_event_id,
                "a change is applied at its place in the history");
  const ChangeRow* row = FindChangeRow(change.kind_case());
  if (row == nullptr) {
    CheckFailed(__FILE__, __LINE__, "change kind", "a record of a newer release, or a damaged one");
  }
  state.last_event_time = std::max(state.last_event_time, FromProto(change.time()));
  row->fold(state, change);
}

void fold_change::EventBuffered(State& state, const Change& change) {
  const auto event =
      std::make_shared<const temporal::api::history::v1::HistoryEvent>(change.event_buffered().event());
  state.buffered.Mutable().push_back(event);
  ApplyEffect(state, event);
}

// The events that follow have their effect again, or for the first time where the rows are gone in which they
// were buffered. Every effect may be repeated but the counting of signals.
void fold_change::BufferFlushed(State& state, const Change& change) {
  state.flushed_through = state.next_event_id + change.buffer_flushed().count();
  for (const EventPtr& event : *state.buffered) {
    if (event->has_workflow_execution_signaled_event_attributes()) --state.signal_count;
  }
  state.buffered = Cow<std::vector<EventPtr>>();
  // What was buffered has not been seen by any worker: the task that shows it is a first attempt.
  state.workflow_task_attempt = 1;
}

void fold_change::BufferedEventDropped(State& state, const Change& change) {
  const int64_t started = change.buffered_event_dropped().timer_started_event_id();
  std::erase_if(state.buffered.Mutable(), [&](const EventPtr& event) {
    return event->has_timer_fired_event_attributes() &&
           event->timer_fired_event_attributes().started_event_id() == started;
  });
}

}  // namespace perdure::engine::workflow
