#include "engine/workflow/fold/apply.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/time.h"
#include "engine/workflow/fold/event_table.h"
#include "engine/workflow/run/external_payloads.h"
#include "engine/workflow/run/next_run.h"

namespace perdure::engine::workflow {
namespace {

using perdure::engine::Change;

// What an event does, whenever that is: when it gets its id, or when it is buffered.
void ApplyEffect(State& state, const EventPtr& event) {
  const EventRow* row = FindEventRow(event->event_type());
  if (row == nullptr) CheckFailed(__FILE__, __LINE__, "event type", "this release writes no such event");
  row->fold(state, event);
}

// The events that follow have their effect again, or for the first time where the rows are gone in which they
// were buffered. Every effect may be repeated but the counting of signals.
void ApplyBufferFlushed(State& state, const perdure::engine::BufferFlushed& flushed) {
  state.flushed_through = state.next_event_id + flushed.count();
  for (const EventPtr& event : *state.buffered) {
    if (event->has_workflow_execution_signaled_event_attributes()) --state.signal_count;
  }
  state.buffered = Cow<std::vector<EventPtr>>();
  // What was buffered has not been seen by any worker: the task that shows it is a first attempt.
  state.workflow_task_attempt = 1;
}

void ApplyBufferedEventDropped(State& state, const perdure::engine::BufferedEventDropped& dropped) {
  std::erase_if(state.buffered.Mutable(), [&](const EventPtr& event) {
    return event->has_timer_fired_event_attributes() &&
           event->timer_fired_event_attributes().started_event_id() == dropped.timer_started_event_id();
  });
}

// A run that is followed hands on its points to reset to, with the time until which it is kept.
void ApplyRunClosed(State& state, const perdure::engine::RunClosed& closed) {
  state.delete_after = FromProto(closed.delete_after());
  if (NextRunIdOf(*state.close_event).empty() || state.auto_reset_points->points().empty()) return;
  const std::string run_id = state.facts->run_id.ToString();
  for (auto& point : *state.auto_reset_points.Mutable().mutable_points()) {
    if (point.run_id() == run_id) *point.mutable_expire_time() = closed.delete_after();
  }
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
  state.last_event_time = std::max(state.last_event_time, FromProto(change.time()));
  switch (change.kind_case()) {
    case Change::kRunCreated:
    case Change::kRequestSeen:
      return ApplyWorkflowExecutionChange(state, change);
    case Change::kWorkflowTaskPending:
    case Change::kTransientWorkflowTaskStarted:
    case Change::kStickyTaskQueue:
      return ApplyWorkflowTaskChange(state, change);
    case Change::kActivityStarted:
    case Change::kActivityHeartbeat:
    case Change::kActivityStartReturned:
    case Change::kActivityRetry:
      return ApplyActivityChange(state, change);
    case Change::kEventBuffered: {
      const auto event =
          std::make_shared<const temporal::api::history::v1::HistoryEvent>(change.event_buffered().event());
      state.buffered.Mutable().push_back(event);
      return ApplyEffect(state, event);
    }
    case Change::kBufferFlushed:
      return ApplyBufferFlushed(state, change.buffer_flushed());
    case Change::kBufferedEventDropped:
      return ApplyBufferedEventDropped(state, change.buffered_event_dropped());
    case Change::kRunClosed:
      return ApplyRunClosed(state, change.run_closed());
    case Change::kMessageMinted:
    case Change::kChildReleased:
    case Change::kChildrenSettled:
    case Change::kReportSettled:
    case Change::kRunReleased:
      return ApplyChildChange(state, change);
    case Change::kMessageReceived:
    case Change::kInboxDropped:
      return ApplyInboxChange(state, change);
    case Change::KIND_NOT_SET:
      CheckFailed(__FILE__, __LINE__, "change kind", "a record of a newer release, or a damaged one");
  }
}

}  // namespace perdure::engine::workflow
