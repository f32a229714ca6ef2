#include "engine/workflow/fold/check_record.h"

#include <limits>
#include <optional>

#include "engine/workflow/fold/event_table.h"
#include "engine/workflow/messages/children.h"
#include "engine/workflow/messages/inbox.h"

namespace perdure::engine::workflow {
namespace {

namespace enums = temporal::api::enums::v1;
using perdure::engine::Change;
using temporal::api::history::v1::HistoryEvent;
using Wrong = std::string_view;

constexpr Wrong kFine = "";

bool IsAttempt(int32_t attempt) { return attempt >= 1 && attempt < std::numeric_limits<int32_t>::max(); }

// Null for a type that this release does not write.
std::optional<HistoryEvent::AttributesCase> AttributesOf(enums::EventType type) {
  const EventRow* row = FindEventRow(type);
  return row != nullptr ? std::optional(row->attributes) : std::nullopt;
}

bool IsBuffered(enums::EventType type) {
  const EventRow* row = FindEventRow(type);
  return row != nullptr && row->buffered;
}

bool IsFlushing(const State& state) { return state.next_event_id < state.flushed_through; }

Wrong WrongWithScheduled(const State& state, const HistoryEvent& event) {
  if (!IsAttempt(event.workflow_task_scheduled_event_attributes().attempt())) return "attempt";
  // A transient one becomes an ordinary one.
  const WorkflowTask* task = state.workflow_task.pending();
  if (task != nullptr && !task->IsTransient()) return "two workflow tasks";
  return kFine;
}

Wrong WrongWithStarted(const State& state, const HistoryEvent& event) {
  const auto& started = event.workflow_task_started_event_attributes();
  const WorkflowTask* task = state.workflow_task.waiting();
  const bool pending =
      task != nullptr && !task->IsTransient() && task->scheduled_event_id == started.scheduled_event_id();
  return pending ? kFine : "a workflow task that is not pending starts";
}

Wrong WrongWithCompleted(const State& state, const HistoryEvent& event) {
  const auto& completed = event.workflow_task_completed_event_attributes();
  const WorkflowTask* task = state.workflow_task.running();
  const bool running = task != nullptr && task->started_event_id == completed.started_event_id();
  return running ? kFine : "a workflow task that does not run completes";
}

Wrong WrongWithWorkflowTask(const State& state, const HistoryEvent& event) {
  switch (event.event_type()) {
    case enums::EVENT_TYPE_WORKFLOW_TASK_SCHEDULED:
      return WrongWithScheduled(state, event);
    case enums::EVENT_TYPE_WORKFLOW_TASK_STARTED:
      return WrongWithStarted(state, event);
    case enums::EVENT_TYPE_WORKFLOW_TASK_COMPLETED:
      return WrongWithCompleted(state, event);
    case enums::EVENT_TYPE_WORKFLOW_TASK_FAILED:
    case enums::EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT:
      return state.workflow_task.pending() != nullptr ? kFine : "no workflow task ends";
    default:  // other families
      return kFine;
  }
}

Wrong WrongWithPending(const State& state, const perdure::engine::WorkflowTaskPending& pending) {
  if (!IsAttempt(pending.attempt())) return "attempt";
  if (pending.none()) return kFine;
  if (pending.transient() == (state.workflow_task.pending() != nullptr)) return "pending workflow task";
  return kFine;
}

Wrong WrongWithTransientStarted(const State& state,
                                const perdure::engine::TransientWorkflowTaskStarted& started) {
  const WorkflowTask* task = state.workflow_task.waiting();
  const bool pending = task != nullptr && task->IsTransient() &&
                       task->scheduled_event_id == started.scheduled().event_id() &&
                       task->scheduled_event_id + 1 == started.started().event_id();
  const bool whole = started.scheduled().has_workflow_task_scheduled_event_attributes() &&
                     started.started().has_workflow_task_started_event_attributes();
  return pending && whole ? kFine : "start of a transient workflow task";
}

Wrong WrongWithActivity(const State& state, int64_t scheduled_event_id, int32_t attempt) {
  if (!state.activities->contains(scheduled_event_id)) return "no such activity";
  return IsAttempt(attempt) ? kFine : "attempt";
}

Wrong WrongWithBuffered(const HistoryEvent& event) {
  if (event.event_id() != 0 || !IsBuffered(event.event_type())) return "buffered event";
  return AttributesOf(event.event_type()) == event.attributes_case() ? kFine
                                                                     : "attributes of a buffered event";
}

Wrong WrongWithRunCreated(const State& state, const perdure::engine::RunCreated& created) {
  constexpr size_t kIdBytes = 16;
  if (state.next_event_id != 1) return "a run is created once";
  const size_t parent = created.parent_original_run_id().size();
  const bool ids = created.namespace_id().size() == kIdBytes && created.run_id().size() == kIdBytes &&
                   (parent == 0 || parent == kIdBytes);
  return ids ? kFine : "ids";
}

// What a closed run still owes, and what others owe it, is settled by changes alone.
bool SettlesClosedRun(const Change& change) {
  return change.has_children_settled() || change.has_report_settled() || change.has_inbox_dropped();
}

Wrong WrongWithMinted(const State& state, const perdure::engine::MessageMinted& minted) {
  const int64_t id = minted.initiated_event_id();
  const bool pending = state.children->contains(id) || state.external_signals->contains(id) ||
                       state.external_cancels->contains(id);
  return pending && Uuid::FromBytes(minted.id()).has_value() ? kFine : "a minted id";
}

Wrong WrongWithRequestSeen(const perdure::engine::RequestSeen& seen) {
  const bool known = perdure::engine::RequestSeen::Kind_IsValid(seen.kind()) &&
                     seen.kind() != perdure::engine::RequestSeen::KIND_UNSPECIFIED;
  return known ? kFine : "request kind";
}

}  // namespace

std::string_view WrongWithEvent(const State& state, const HistoryEvent& event) {
  if (AttributesOf(event.event_type()) != event.attributes_case()) return "attributes";
  if (event.attributes_case() == HistoryEvent::ATTRIBUTES_NOT_SET) return "event type";
  const bool first = event.event_id() == 1;
  if (first != event.has_workflow_execution_started_event_attributes()) return "first event";
  if (first) return kFine;
  if (!state.IsOpen()) return "an event after the close";
  if (IsFlushing(state)) return IsBuffered(event.event_type()) ? kFine : "an event that was never buffered";
  // The id of an activity or timer may be taken: by one whose end was buffered in a row that is gone.
  return WrongWithWorkflowTask(state, event);
}

std::string_view WrongWithChange(const State& state, const Change& change) {
  if (change.has_run_created()) return WrongWithRunCreated(state, change.run_created());
  if (change.has_run_closed()) return state.close_event != nullptr ? kFine : "an open run's retention";
  if (!state.IsOpen() && !SettlesClosedRun(change)) return "a change of a closed run";
  if (IsFlushing(state)) return "a change among flushed events";
  switch (change.kind_case()) {
    case Change::kWorkflowTaskPending:
      return WrongWithPending(state, change.workflow_task_pending());
    case Change::kTransientWorkflowTaskStarted:
      return WrongWithTransientStarted(state, change.transient_workflow_task_started());
    case Change::kEventBuffered:
      return WrongWithBuffered(change.event_buffered().event());
    case Change::kActivityStarted:
      return WrongWithActivity(state, change.activity_started().scheduled_event_id(),
                               change.activity_started().attempt());
    case Change::kActivityHeartbeat:
      return WrongWithActivity(state, change.activity_heartbeat().scheduled_event_id(), 1);
    case Change::kActivityStartReturned:
      return WrongWithActivity(state, change.activity_start_returned().scheduled_event_id(), 1);
    case Change::kActivityRetry:
      return WrongWithActivity(state, change.activity_retry().scheduled_event_id(),
                               change.activity_retry().attempt());
    case Change::kBufferedEventDropped: {
      const int64_t started = change.buffered_event_dropped().timer_started_event_id();
      return started > 0 && started < state.next_event_id ? kFine : "no such timer";
    }
    case Change::kBufferFlushed: {
      const int32_t count = change.buffer_flushed().count();
      const bool all = count > 0 && static_cast<size_t>(count) >= state.buffered->size();
      return all ? kFine : "a flush that leaves events behind";
    }
    case Change::kRequestSeen:
      return WrongWithRequestSeen(change.request_seen());
    case Change::kMessageMinted:
      return WrongWithMinted(state, change.message_minted());
    case Change::kMessageReceived:
      return ReadReceived(change.message_received()).has_value() ? kFine : "message received";
    case Change::kReportSettled:
      return state.close_event != nullptr ? kFine : "the report of an open run";
    case Change::kChildReleased:
    case Change::kChildrenSettled:
    case Change::kRunReleased:
    case Change::kInboxDropped:
    case Change::kStickyTaskQueue:
    case Change::kRunCreated:
    case Change::kRunClosed:
      return kFine;
    case Change::KIND_NOT_SET:
      return "change kind";
  }
  return "change kind";
}

std::string_view WrongWithState(const State& state) {
  if (state.facts->started == nullptr) return "no first event";
  return IsFlushing(state) ? "flushed events are missing" : kFine;
}

}  // namespace perdure::engine::workflow
