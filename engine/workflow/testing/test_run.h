// A run for tests that read as the behaviour: requests in, events out. It holds a state and a clock that only
// tests move, and checks after every step that folding the records gives the same durable state as deciding
// did, from the first record and from a snapshot of the step before; and that the records with events fold
// without the others, as they must when compaction has removed those, to the same in all that events say, up
// to each event.
//
// Not thread-safe. Uses Catch2's REQUIRE: only inside a test case.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "engine/workflow/testing/each_event.h"
#include "engine/workflow/testing/fixture.h"
#include "engine/workflow/workflow.h"
#include "engine/workflow/workflow_entity.h"
#include "temporal/api/command/v1/message.pb.h"
#include "temporal/api/history/v1/message.pb.h"

namespace perdure::engine::workflow::testing {

using temporal::api::command::v1::Command;
using temporal::api::history::v1::HistoryEvent;
using Names = std::vector<std::string>;

// Changes a request before it is sent.
template <typename Request>
using With = std::function<void(Request&)>;

class TestRun {
 public:
  TestRun();
  ~TestRun();
  TestRun(const TestRun&) = delete;
  TestRun& operator=(const TestRun&) = delete;

  // ---- the world

  absl::Time now() const { return now_; }
  // Moves the clock, without firing timers.
  void Sleep(absl::Duration duration) { now_ += duration; }
  // Moves the clock and fires each timer at its time.
  void Advance(absl::Duration duration);
  // The server dies: what no record holds is lost.
  void Crash();
  NamespaceSettings& settings() { return settings_; }

  // ---- clients

  // Workflow "wf" of type "Greet" on queue "queue".
  absl::StatusOr<StartReply> Start(const With<api::StartWorkflowExecutionRequest>& with = {});
  // A start of the same workflow id while this run is its current one. What happens to this run is taken in;
  // a new run is in the decision.
  StartDecision StartAgain(const With<api::StartWorkflowExecutionRequest>& with = {});
  // A signal with start of the same workflow id. The first one begins this run; then as StartAgain.
  StartDecision SignalWithStart(const std::string& name,
                                const With<api::StartWorkflowExecutionRequest>& with = {});
  absl::Status Signal(const std::string& name, const With<api::SignalWorkflowExecutionRequest>& with = {});
  absl::Status RequestCancel(const With<api::RequestCancelWorkflowExecutionRequest>& with = {});
  absl::Status Terminate(const With<api::TerminateWorkflowExecutionRequest>& with = {});
  // An update of another run comes here with a reset: its WorkflowExecutionUpdateAdmitted.
  void TakeOverUpdate(const temporal::api::update::v1::Request& request);

  // ---- workers

  // Starts the workflow task that waits, or fails the test when none does. `queue`: of the poll; empty: the
  // dispatch's.
  WorkflowTaskReply PollWorkflowTask(const std::string& queue = {});
  // Each answers the workflow task that was polled last.
  absl::StatusOr<CompletedReply> Complete(const std::vector<Command>& commands = {},
                                          const With<api::RespondWorkflowTaskCompletedRequest>& with = {});
  absl::Status FailTask(const With<api::RespondWorkflowTaskFailedRequest>& with = {});
  // As Complete, with an older task's token.
  absl::StatusOr<CompletedReply> CompleteWith(
      const perdure::server::TaskToken& token, const std::vector<Command>& commands = {},
      const With<api::RespondWorkflowTaskCompletedRequest>& with = {});

  // ---- anything else

  absl::StatusOr<Reply> Do(const Request& request);
  // The same for a caller who may wait. The answer to one that does is in `answers`, by its token: the number
  // of the call, from 1 on.
  absl::StatusOr<Reply> Ask(const Request& request);
  // The caller gives up.
  void GiveUp(uint64_t token);
  size_t waiting() const { return waiters_.size(); }
  // Who waits no more.
  std::map<uint64_t, absl::StatusOr<Reply>> answers;
  absl::Status FireTimers() { return Do(workflow::FireTimers{}).status(); }

  // ---- what came of it

  const State& state() const { return state_; }
  // The run that follows on this one, once it has closed; nullopt: none.
  const std::optional<NextRun>& next() const { return next_; }
  // From here on this is that run: its history, and what is asked of it. REQUIRES: there is one.
  void GoOn();
  // The durable events, and their types without "EVENT_TYPE_", in Pascal case.
  const std::vector<HistoryEvent>& history() const { return history_; }
  Names Events() const;
  // Events() from `first_event_id` on.
  Names EventsFrom(int64_t first_event_id) const;
  const HistoryEvent& Event(int64_t event_id) const;
  // TransientEvents, parsed.
  std::vector<HistoryEvent> Transient() const;
  // Records of the last step.
  const std::vector<Record>& last_records() const { return last_records_; }
  Obligations obligations() const { return ObligationsOf(state_); }
  // Dispatches of workflow tasks, or null.
  std::optional<Dispatch> PendingWorkflowTask() const;

 private:
  Context context();
  StartRequest NewStart(const With<api::StartWorkflowExecutionRequest>& with);
  absl::StatusOr<Reply> Decided(const Request& request, const Context& context);
  // Takes in what others got who waited.
  void TakeAnswers(std::vector<WaiterReply> given);
  // Takes in what a Decide gave, and checks it.
  void Take(State state, std::vector<Record> records);
  // Notes the run that follows: only a run that closed has one, the one that its last event names.
  void TakeNext(std::optional<NextRun> next);

  absl::Time now_;
  std::unique_ptr<Random> random_;
  NamespaceSettings settings_;
  int requests_ = 0;

  std::optional<NextRun> next_;
  State state_;
  State folded_;     // from the first record
  State restored_;   // from a snapshot of the step before
  State compacted_;  // from the records with events
  std::vector<Record> last_records_;
  std::vector<HistoryEvent> history_;
  EachEvent each_event_;
  FixtureRecorder recorder_;
  perdure::server::TaskToken token_;
  uint64_t last_asked_ = 0;
  std::map<uint64_t, WorkflowRequest> asked_;
  std::vector<Waiter> waiters_;  // of `asked_`
};

// The event's type without "EVENT_TYPE_", in Pascal case.
std::string TypeName(const HistoryEvent& event);

// Parses what Record::events holds.
std::vector<HistoryEvent> ParseFramed(const std::string& framed);

// ---- commands

Command CompleteWorkflow();
Command FailWorkflow(const std::string& message);
Command CancelWorkflow();
Command ContinueAsNew(
    const With<temporal::api::command::v1::ContinueAsNewWorkflowExecutionCommandAttributes>& with = {});
Command Marker(const std::string& name);
Command StartTimer(const std::string& timer_id, absl::Duration duration);
Command CancelTimer(const std::string& timer_id);
// Start-to-close timeout 10 s, on queue "queue".
Command ScheduleActivity(
    const std::string& activity_id,
    const With<temporal::api::command::v1::ScheduleActivityTaskCommandAttributes>& with = {});
Command CancelActivity(int64_t scheduled_event_id);

}  // namespace perdure::engine::workflow::testing
