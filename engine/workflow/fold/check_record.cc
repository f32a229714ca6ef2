#include "engine/workflow/fold/check_record.h"

#include <limits>
#include <optional>

#include "engine/workflow/fold/change_table.h"
#include "engine/workflow/fold/event_table.h"
#include "engine/workflow/messages/inbox.h"

namespace perdure::engine::workflow {
namespace {

namespace enums = temporal::api::enums::v1;
using perdure::engine::Change;
using temporal::api::history::v1::HistoryEvent;
using Wrong = std::string_view;

constexpr Wrong kNothingWrong = "";

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
  return kNothingWrong;
}

Wrong WrongWithStarted(const State& state, const HistoryEvent& event) {
  const auto& started = event.workflow_task_started_event_attributes();
  const WorkflowTask* task = state.workflow_task.waiting();
  const bool pending =
      task != nullptr && !task->IsTransient() && task->scheduled_event_id == started.scheduled_event_id();
  return pending ? kNothingWrong : "a workflow task that is not pending starts";
}

Wrong WrongWithCompleted(const State& state, const HistoryEvent& event) {
  const auto& completed = event.workflow_task_completed_event_attributes();
  const WorkflowTask* task = state.workflow_task.running();
  const bool running = task != nullptr && task->started_event_id == completed.started_event_id();
  return running ? kNothingWrong : "a workflow task that does not run completes";
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
      return state.workflow_task.pending() != nullptr ? kNothingWrong : "no workflow task ends";
    default:  // other families
      return kNothingWrong;
  }
}

// An event says of an update what it could not have said before.
Wrong WrongWithUpdate(const State& state, const HistoryEvent& event) {
  if (event.has_workflow_execution_update_admitted_event_attributes()) {
    const auto& admitted = event.workflow_execution_update_admitted_event_attributes();
    return state.updates->contains(admitted.request().meta().update_id()) ? "an update is admitted twice"
                                                                          : kNothingWrong;
  }
  if (event.has_workflow_execution_update_accepted_event_attributes()) {
    const auto known = state.updates->find(
        event.workflow_execution_update_accepted_event_attributes().protocol_instance_id());
    return known != state.updates->end() && known->second.accepted_event_id != 0
               ? "an update is accepted twice"
               : kNothingWrong;
  }
  if (event.has_workflow_execution_update_completed_event_attributes()) {
    const auto& completed = event.workflow_execution_update_completed_event_attributes();
    const auto known = state.updates->find(completed.meta().update_id());
    const bool accepted = known != state.updates->end() && known->second.IsInFlight() &&
                          known->second.accepted_event_id == completed.accepted_event_id();
    return accepted ? kNothingWrong : "an update completes that was not accepted";
  }
  return kNothingWrong;
}

Wrong WrongWithActivity(const State& state, int64_t scheduled_event_id, int32_t attempt) {
  if (!state.activities->contains(scheduled_event_id)) return "no such activity";
  return IsAttempt(attempt) ? kNothingWrong : "attempt";
}

}  // namespace

std::string_view WrongWithEvent(const State& state, const HistoryEvent& event) {
  if (AttributesOf(event.event_type()) != event.attributes_case()) return "attributes";
  if (event.attributes_case() == HistoryEvent::ATTRIBUTES_NOT_SET) return "event type";
  const bool first = event.event_id() == 1;
  if (first != event.has_workflow_execution_started_event_attributes()) return "first event";
  if (first) return kNothingWrong;
  if (!state.IsOpen()) return "an event after the close";
  if (IsFlushing(state))
    return IsBuffered(event.event_type()) ? kNothingWrong : "an event that was never buffered";
  // The id of an activity or timer may be taken: by one whose end was buffered in a row that is gone.
  if (Wrong wrong = WrongWithUpdate(state, event); !wrong.empty()) return wrong;
  return WrongWithWorkflowTask(state, event);
}

std::string_view WrongWithChange(const State& state, const Change& change) {
  const ChangeRow* row = FindChangeRow(change.kind_case());
  if (row == nullptr) return "change kind";
  if (row->of_open_run && !state.IsOpen()) return "a change of a closed run";
  if (IsFlushing(state)) return "a change among flushed events";
  return row->wrong == nullptr ? kNothingWrong : row->wrong(state, change);
}

Wrong check_change::RunCreated(const State& state, const Change& change) {
  constexpr size_t kIdBytes = 16;
  const auto& created = change.run_created();
  if (state.next_event_id != 1) return "a run is created once";
  const size_t parent = created.parent_original_run_id().size();
  for (const auto& origin : created.origins()) {
    if (origin.run_id().size() != kIdBytes) return "ids";
  }
  const bool ids = created.namespace_id().size() == kIdBytes && created.run_id().size() == kIdBytes &&
                   (parent == 0 || parent == kIdBytes);
  return ids ? kNothingWrong : "ids";
}

Wrong check_change::RunClosed(const State& state, const Change& /*change*/) {
  return state.close_event != nullptr ? kNothingWrong : "an open run's retention";
}

Wrong check_change::RequestSeen(const State& /*state*/, const Change& change) {
  const auto kind = change.request_seen().kind();
  const bool known = perdure::engine::RequestSeen::Kind_IsValid(kind) &&
                     kind != perdure::engine::RequestSeen::KIND_UNSPECIFIED;
  return known ? kNothingWrong : "request kind";
}

Wrong check_change::UpdateRejected(const State& state, const Change& change) {
  const auto known = state.updates->find(change.update_rejected().update_id());
  const bool waits = known != state.updates->end() && known->second.accepted_event_id == 0;
  return waits ? kNothingWrong : "an update is rejected that does not wait";
}

Wrong check_change::WorkflowTaskPending(const State& state, const Change& change) {
  const auto& pending = change.workflow_task_pending();
  if (!IsAttempt(pending.attempt())) return "attempt";
  if (pending.none()) return kNothingWrong;
  if (pending.has_start_by() && state.workflow_task.waiting() == nullptr) return "waiting workflow task";
  const bool one_pending = state.workflow_task.pending() != nullptr;
  return pending.transient() == one_pending ? "pending workflow task" : kNothingWrong;
}

Wrong check_change::TransientWorkflowTaskStarted(const State& state, const Change& change) {
  const auto& started = change.transient_workflow_task_started();
  const WorkflowTask* task = state.workflow_task.waiting();
  const bool pending = task != nullptr && task->IsTransient() &&
                       task->scheduled_event_id == started.scheduled().event_id() &&
                       task->scheduled_event_id + 1 == started.started().event_id();
  const bool whole = started.scheduled().has_workflow_task_scheduled_event_attributes() &&
                     started.started().has_workflow_task_started_event_attributes();
  return pending && whole ? kNothingWrong : "start of a transient workflow task";
}

Wrong check_change::EventBuffered(const State& /*state*/, const Change& change) {
  const HistoryEvent& event = change.event_buffered().event();
  if (event.event_id() != 0 || !IsBuffered(event.event_type())) return "buffered event";
  return AttributesOf(event.event_type()) == event.attributes_case() ? kNothingWrong
                                                                     : "attributes of a buffered event";
}

Wrong check_change::BufferFlushed(const State& state, const Change& change) {
  const int32_t count = change.buffer_flushed().count();
  const bool all = count > 0 && static_cast<size_t>(count) >= state.buffered->size();
  return all ? kNothingWrong : "a flush that leaves events behind";
}

Wrong check_change::BufferedEventDropped(const State& state, const Change& change) {
  const int64_t started = change.buffered_event_dropped().timer_started_event_id();
  return started > 0 && started < state.next_event_id ? kNothingWrong : "no such timer";
}

Wrong check_change::ActivityStarted(const State& state, const Change& change) {
  return WrongWithActivity(state, change.activity_started().scheduled_event_id(),
                           change.activity_started().attempt());
}

Wrong check_change::ActivityHeartbeat(const State& state, const Change& change) {
  return WrongWithActivity(state, change.activity_heartbeat().scheduled_event_id(), 1);
}

Wrong check_change::ActivityStartReturned(const State& state, const Change& change) {
  return WrongWithActivity(state, change.activity_start_returned().scheduled_event_id(), 1);
}

Wrong check_change::ActivityRetry(const State& state, const Change& change) {
  return WrongWithActivity(state, change.activity_retry().scheduled_event_id(),
                           change.activity_retry().attempt());
}

Wrong check_change::MessageMinted(const State& state, const Change& change) {
  const int64_t id = change.message_minted().initiated_event_id();
  const bool pending = state.children->contains(id) || state.external_signals->contains(id) ||
                       state.external_cancels->contains(id);
  return pending && Uuid::FromBytes(change.message_minted().id()).has_value() ? kNothingWrong : "a minted id";
}

Wrong check_change::ReportSettled(const State& state, const Change& /*change*/) {
  return state.close_event != nullptr ? kNothingWrong : "the report of an open run";
}

Wrong check_change::MessageReceived(const State& /*state*/, const Change& change) {
  return ReadReceived(change.message_received()).has_value() ? kNothingWrong : "message received";
}

std::string_view WrongWithState(const State& state) {
  if (state.facts->started == nullptr) return "no first event";
  return IsFlushing(state) ? "flushed events are missing" : kNothingWrong;
}

}  // namespace perdure::engine::workflow
