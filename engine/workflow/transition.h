// The working object of one Decide: emits events and changes, applies each to the state as it goes, and
// gathers them into records. Rules in this folder change state through it alone, so that what is decided and
// what is folded cannot differ. Each event and change is checked by the rules by which a stored one is: what
// is decided can be folded.
//
// Not thread-safe; lives for one Decide.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "engine/entity.h"
#include "engine/workflow/happening.h"
#include "engine/workflow/request.h"
#include "engine/workflow/run/next_run.h"
#include "engine/workflow/state.h"
#include "perdure/record.pb.h"
#include "temporal/api/enums/v1/event_type.pb.h"
#include "temporal/api/history/v1/message.pb.h"

namespace perdure::engine::workflow {

using temporal::api::enums::v1::EventType;
using temporal::api::history::v1::HistoryEvent;

// Gives an event its id, and the task id that the CLI and the UI show.
void SetEventId(HistoryEvent& event, int64_t id);

class Transition {
 public:
  Transition(State state, const Context& context);

  const State& state() const { return state_; }
  const Context& context() const { return context_; }
  absl::Time now() const { return context_.now; }
  // Of the events before this transition: what a worker is told that it has.
  int64_t history_size_before() const { return history_size_before_; }

  // A new event with its type and time set; the caller fills its attributes and passes it to Emit or
  // EmitOrBuffer.
  HistoryEvent NewEvent(EventType type) const;

  // Appends the event under the next id, folds it into the state, and returns its id.
  int64_t Emit(HistoryEvent event);
  // As Emit, unless a workflow task runs: then the event is buffered until that task ends, and 0 is returned.
  // For every event that arrives from outside of the running task. An end of an activity whose Started was
  // buffered with it is emitted with started_event_id 0: FlushBuffer fills it in.
  int64_t EmitOrBuffer(HistoryEvent event);
  // Between the two, EmitOrBuffer buffers although no workflow task runs: what the commands of a completed
  // task bring about at once comes after the commands' own events.
  void BeginCommands() { in_commands_ = true; }
  void EndCommands() { in_commands_ = false; }
  // Gives the buffered events their ids: in order of arrival, except that ends of activities (children, Nexus
  // operations) come last. Called by what ends a workflow task, after its own events. A no-op without any.
  void FlushBuffer();
  // Takes the timer's TimerFired out of the buffer for good (CancelTimer). REQUIRES: it is there.
  void DropBufferedFiring(int64_t timer_started_event_id);
  bool HasBuffered() const { return !state_.buffered->empty(); }

  // Records and applies a change that has no event. `change`'s position and time are filled in.
  void Change(perdure::engine::Change change);

  // A settlement that makes no event: it comes with the run's next record, and is lost with the memory until
  // then, so that the message is sent again. A child knows that its start is recorded; entries of the inbox
  // are settled by their senders.
  void RideRelease(int64_t initiated_event_id);
  void RideDrops(const std::vector<InboxKey>& keys);
  // The sticky queue's worker is gone, as whoever asks for it next would find, too.
  void RideStickyReset() { state_.sticky_lost = state_.sticky.has_value(); }
  // Records what rides, now. Every request that is about to write calls it (Emit, EmitOrBuffer and Change
  // do).
  void RideAlong();

  // An update waits for a worker. REQUIRES: the run is open, and does not know the update.
  void AdmitUpdate(const temporal::api::update::v1::Request& request);
  // All updates that wait go to the worker that has just got the workflow task.
  void SendUpdates();
  // The update will never be accepted. REQUIRES: it has not been, and the run knows it.
  void EndUpdate(UpdateEnd end);

  // A workflow task waits of which no record tells. REQUIRES: none is pending.
  void ScheduleSpeculative(WorkflowTask task) { state_.workflow_task.Schedule(std::move(task)); }
  // It has done nothing that history must hold. REQUIRES: a speculative task is pending.
  void DropSpeculative();
  // The waiting workflow task is started without a record. `scheduled`: the event of its schedule as the
  // worker sees it, where the log has none; else null.
  void StartSoft(HistoryEvent started, EventPtr scheduled);
  // Makes what is volatile of the workflow task durable, as a record of its own, byte for byte as the worker
  // saw it. A no-op without any. Every request that is about to write calls it first (Emit, EmitOrBuffer and
  // Change do).
  void HardenWorkflowTask();

  // Where RespondWorkflowTaskCompleted goes back to when a command is invalid. While a checkpoint is held,
  // what is changed is cloned first.
  struct Checkpoint;
  Checkpoint Save() const;
  void RollBack(Checkpoint checkpoint);

  // What whoever counts or logs the run is told, once the transition ends.
  void Say(Happening happening) { happenings_.push_back(std::move(happening)); }
  // The same of a command that is not built, unless it has been said of this run.
  void SayUnsupported(temporal::api::enums::v1::CommandType type);

  // Answers one of Context::waiters, which waits no more. No checkpoint takes that back.
  void Answer(uint64_t token, absl::StatusOr<Reply> reply) { answers_.push_back({token, std::move(reply)}); }
  bool HasAnswered(uint64_t token) const;

  // What follows on this run in the same commit. REQUIRES: the run is closed. BeginNextRun calls it.
  void Follow(NextRun next);

  // Ends the transition. Records that are empty are left out.
  struct Result {
    State state;
    std::vector<Record> records;
    std::optional<NextRun> next = std::nullopt;
    std::vector<Happening> happenings = {};
    std::vector<WaiterReply> answers = {};  // those given, and to whoever waits for an update
  };
  Result Finish() &&;

 private:
  // Emit without hardening; `event` has its id.
  void Append(HistoryEvent event);
  void AppendChange(perdure::engine::Change change);
  // The schedule of a speculative task that becomes durable.
  void AppendSpeculative(const WorkflowTask& task);
  void CloseRecord();
  // The run has closed: no worker will answer the updates that wait.
  void EndWaitingUpdates();

  State state_;
  const int64_t history_size_before_;
  bool in_commands_ = false;
  const Context& context_;
  std::vector<Record> records_;
  Record open_;
  perdure::engine::Changes open_changes_;
  std::optional<NextRun> next_;
  std::vector<WaiterReply> answers_;
  std::vector<Happening> happenings_;
  std::vector<UpdateEnd> update_ends_;
};

struct Transition::Checkpoint {
  State state;
  std::vector<Record> records;
  Record open;
  perdure::engine::Changes open_changes;
  size_t happenings = 0;   // so many had been said
  size_t update_ends = 0;  // so many had ended
};

}  // namespace perdure::engine::workflow
