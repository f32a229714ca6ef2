#include "engine/workflow/transition.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/check.h"
#include "base/status.h"
#include "base/time.h"
#include "engine/event_frames.h"
#include "engine/workflow/fold/apply.h"
#include "engine/workflow/fold/check_record.h"
#include "engine/workflow/fold/event_table.h"
#include "engine/workflow/run/close.h"
#include "engine/workflow/updates/updates.h"
#include "engine/workflow/workflow_tasks/workflow_task.h"

namespace perdure::engine::workflow {
namespace {

// Shown by the CLI and the UI; grows with the event id, as the real server's does.
constexpr int64_t kFirstTaskId = 1048576;

const EventRow& RowOf(const HistoryEvent& event) {
  const EventRow* row = FindEventRow(event.event_type());
  PERDURE_CHECK(row != nullptr, "this release writes no such event");
  return *row;
}

}  // namespace

void SetEventId(HistoryEvent& event, int64_t id) {
  event.set_event_id(id);
  event.set_task_id(kFirstTaskId + id);
}

Transition::Transition(State state, const Context& context)
    : state_(std::move(state)), history_size_before_(state_.history_size_bytes), context_(context) {
  open_.first_event_id = state_.next_event_id;
}

HistoryEvent Transition::NewEvent(EventType type) const {
  HistoryEvent event;
  event.set_event_type(type);
  *event.mutable_event_time() = ToProto(context_.now);
  return event;
}

int64_t Transition::Emit(HistoryEvent event) {
  HardenWorkflowTask();
  RideAlong();
  const int64_t id = state_.next_event_id;
  SetEventId(event, id);
  Append(std::move(event));
  return id;
}

int64_t Transition::EmitOrBuffer(HistoryEvent event) {
  HardenWorkflowTask();
  RideAlong();
  if (state_.workflow_task.running() == nullptr && !in_commands_) return Emit(std::move(event));
  PERDURE_CHECK(RowOf(event).buffered, "only what comes from outside of a workflow task waits for its end");
  perdure::engine::Change change;
  *change.mutable_event_buffered()->mutable_event() = std::move(event);
  AppendChange(std::move(change));
  return 0;
}

void Transition::FlushBuffer() {
  if (!HasBuffered()) return;
  PERDURE_CHECK(state_.workflow_task.running() == nullptr,
                "a buffer is flushed when its workflow task has ended");
  std::vector<EventPtr> events = *state_.buffered;
  std::stable_partition(events.begin(), events.end(),
                        [](const EventPtr& event) { return !RowOf(*event).ends_last; });
  perdure::engine::Change change;
  change.mutable_buffer_flushed()->set_count(static_cast<int32_t>(events.size()));
  AppendChange(std::move(change));

  StartedIds started;
  for (const EventPtr& buffered : events) {
    HistoryEvent event = *buffered;
    const int64_t id = state_.next_event_id;
    SetEventId(event, id);
    const EventRow& row = RowOf(event);
    if (row.starts != nullptr) started[row.starts(event)] = id;
    if (row.wire_started != nullptr) row.wire_started(event, started);
    Append(std::move(event));
  }
}

void Transition::DropBufferedFiring(int64_t timer_started_event_id) {
  const size_t before = state_.buffered->size();
  perdure::engine::Change change;
  change.mutable_buffered_event_dropped()->set_timer_started_event_id(timer_started_event_id);
  Change(std::move(change));
  PERDURE_CHECK(state_.buffered->size() + 1 == before, "only a buffered event can be dropped");
}

void Transition::Change(perdure::engine::Change change) {
  HardenWorkflowTask();
  RideAlong();
  AppendChange(std::move(change));
}

void Transition::RideRelease(int64_t initiated_event_id) {
  state_.riding_releases.Mutable().insert(initiated_event_id);
  if (!state_.riding_since.has_value()) state_.riding_since = now();
}

void Transition::RideDrops(const std::vector<InboxKey>& keys) {
  state_.riding_drops.Mutable().insert(keys.begin(), keys.end());
}

void Transition::RideAlong() {
  if (std::exchange(state_.sticky_lost, false) && state_.sticky.has_value()) {
    perdure::engine::Change change;
    change.mutable_sticky_task_queue();
    AppendChange(std::move(change));
  }
  if (state_.riding_releases->empty() && state_.riding_drops->empty()) return;
  const auto releases = std::exchange(state_.riding_releases, {});
  const auto drops = std::exchange(state_.riding_drops, {});
  state_.riding_since.reset();
  for (const int64_t id : *releases) {
    perdure::engine::Change change;
    change.mutable_child_released()->set_initiated_event_id(id);
    AppendChange(std::move(change));
  }
  if (drops->empty()) return;
  perdure::engine::Change change;
  for (const InboxKey& key : *drops) {
    auto* name = change.mutable_inbox_dropped()->add_messages();
    name->set_origin(std::string(key.origin.View()));
    name->set_number(key.number);
  }
  AppendChange(std::move(change));
}

void Transition::AdmitUpdate(const temporal::api::update::v1::Request& request) {
  PERDURE_CHECK(state_.IsOpen(), "only an open run takes updates");
  PERDURE_CHECK(!state_.updates->contains(request.meta().update_id()), "an update is admitted once");
  state_.admitted_updates.Mutable().push_back(
      {std::make_shared<const temporal::api::update::v1::Request>(request), false});
  Say(OfUpdate{OfUpdate::What::kAdmitted});
}

void Transition::SendUpdates() {
  const auto& waiting = *state_.admitted_updates;
  if (std::all_of(waiting.begin(), waiting.end(), [](const AdmittedUpdate& update) { return update.sent; })) {
    return;
  }
  for (AdmittedUpdate& update : state_.admitted_updates.Mutable()) update.sent = true;
}

void Transition::EndUpdate(UpdateEnd end) {
  if (state_.updates->contains(end.update_id)) {
    perdure::engine::Change change;
    change.mutable_update_rejected()->set_update_id(end.update_id);
    Change(std::move(change));
  } else {
    const size_t ended = std::erase_if(state_.admitted_updates.Mutable(), [&](const AdmittedUpdate& update) {
      return update.id() == end.update_id;
    });
    PERDURE_CHECK(ended == 1, "only an update that waits can end without events");
  }
  update_ends_.push_back(std::move(end));
}

void Transition::EndWaitingUpdates() {
  const auto waiting = std::exchange(state_.admitted_updates, {});
  for (const AdmittedUpdate& update : *waiting) {
    // Asked again, it comes to the run that follows.
    update_ends_.push_back({update.id(), next_.has_value()
                                             ? WorkflowClosing()
                                             : NotFound("workflow update was aborted by closing workflow")});
    Say(OfUpdate{OfUpdate::What::kAborted});
  }
}

void Transition::DropSpeculative() {
  PERDURE_CHECK(state_.workflow_task.pending() != nullptr &&
                    state_.workflow_task.pending()->schedule == WorkflowTask::Schedule::kSpeculative,
                "only a speculative workflow task leaves no trace");
  state_.workflow_task.DropVolatile();
}

void Transition::StartSoft(HistoryEvent started, EventPtr scheduled) {
  state_.workflow_task.StartSoft(std::make_shared<const HistoryEvent>(std::move(started)),
                                 std::move(scheduled));
}

void Transition::HardenWorkflowTask() {
  if (!state_.workflow_task.IsVolatile()) return;
  const WorkflowTask task = state_.workflow_task.TakeVolatile();
  CloseRecord();
  if (task.schedule == WorkflowTask::Schedule::kSpeculative) AppendSpeculative(task);
  if (task.IsTransient()) {
    perdure::engine::Change change;
    auto* kind = change.mutable_transient_workflow_task_started();
    *kind->mutable_scheduled() = *task.scheduled;
    *kind->mutable_started() = *task.started;
    AppendChange(std::move(change));
  } else if (task.IsRunning()) {
    Append(*task.started);
  }
  CloseRecord();
}

void Transition::AppendSpeculative(const WorkflowTask& task) {
  Append(ScheduledEventOf(state_, task));
  // Unlike any other task it is timed on the run's own queue, too.
  if (task.IsRunning() || task.sticky || !task.start_by.has_value()) return;
  perdure::engine::Change change;
  auto* pending = change.mutable_workflow_task_pending();
  pending->set_attempt(task.attempt);
  *pending->mutable_scheduled_time() = ToProto(task.scheduled_time);
  *pending->mutable_start_by() = ToProto(*task.start_by);
  AppendChange(std::move(change));
}

Transition::Checkpoint Transition::Save() const {
  return {state_, records_, open_, open_changes_, happenings_.size(), update_ends_.size()};
}

void Transition::RollBack(Checkpoint checkpoint) {
  state_ = std::move(checkpoint.state);
  records_ = std::move(checkpoint.records);
  open_ = std::move(checkpoint.open);
  open_changes_ = std::move(checkpoint.open_changes);
  // What was decided since took the id of an open run away.
  next_.reset();
  happenings_.erase(happenings_.begin() + static_cast<std::ptrdiff_t>(checkpoint.happenings),
                    happenings_.end());
  update_ends_.erase(update_ends_.begin() + static_cast<std::ptrdiff_t>(checkpoint.update_ends),
                     update_ends_.end());
}

bool Transition::HasAnswered(uint64_t token) const {
  return std::any_of(answers_.begin(), answers_.end(),
                     [token](const WaiterReply& answer) { return answer.token == token; });
}

void Transition::SayUnsupported(temporal::api::enums::v1::CommandType type) {
  if (std::exchange(state_.unsupported_said, true)) return;
  Say(CommandUnsupported{type});
}

void Transition::Follow(NextRun next) {
  PERDURE_CHECK(!state_.IsOpen() && !next_.has_value(), "one run follows on one that has closed");
  next_ = std::move(next);
}

Transition::Result Transition::Finish() && {
  CloseRecord();
  PERDURE_CHECK(!next_.has_value() || !state_.IsOpen(), "a run that has a next one is closed");
  PERDURE_CHECK(state_.IsOpen() || state_.workflow_task.pending() == nullptr,
                "a closed run wants no workflow task");
  if (!state_.IsOpen()) EndWaitingUpdates();
  AnswerAboutUpdates(context_, state_, update_ends_, answers_);
  return {std::move(state_), std::move(records_), std::move(next_), std::move(happenings_),
          std::move(answers_)};
}

void Transition::Append(HistoryEvent event) {
  PERDURE_CHECK(state_.close_event == nullptr, "a closed run gets no more events");
  const std::string_view wrong = WrongWithEvent(state_, event);
  PERDURE_CHECK(wrong.empty(), wrong);
  const size_t before = open_.events.size();
  AppendFramed(event, open_.events);
  ++open_.event_count;
  ApplyEvent(state_, std::make_shared<const HistoryEvent>(std::move(event)), open_.events.size() - before);
}

void Transition::AppendChange(perdure::engine::Change change) {
  change.set_at_event_id(state_.next_event_id);
  *change.mutable_time() = ToProto(context_.now);
  const std::string_view wrong = WrongWithChange(state_, change);
  PERDURE_CHECK(wrong.empty(), wrong);
  ApplyChange(state_, change);
  *open_changes_.add_changes() = std::move(change);
}

void Transition::CloseRecord() {
  PERDURE_CHECK(open_.first_event_id + open_.event_count == state_.next_event_id,
                "a record holds the events between the one before it and the next");
  if (open_.event_count > 0 || !open_changes_.changes().empty()) {
    open_.changes = open_changes_.changes().empty() ? std::string() : open_changes_.SerializeAsString();
    open_.sequence = ++state_.last_sequence;
    records_.push_back(std::move(open_));
  }
  open_ = Record();
  open_.first_event_id = state_.next_event_id;
  open_changes_.Clear();
}

}  // namespace perdure::engine::workflow
