// A workflow task that no record tells of. Nothing schedules one yet: updates will.

#include "engine/workflow/workflow_tasks/task_state.h"

#include <catch2/catch.hpp>

#include "base/event_loop.h"
#include "engine/workflow/testing/test_run.h"

namespace perdure::engine::workflow::testing {
namespace {

// A run that waits for nobody, and a speculative workflow task of it.
class SpeculativeRun {
 public:
  SpeculativeRun() : random_(NewSeededRandom(3)) {
    REQUIRE(run_.Start().ok());
    run_.PollWorkflowTask();
    REQUIRE(run_.Complete().ok());
    before_ = state_ = run_.state();
    WorkflowTask task;
    task.schedule = WorkflowTask::Schedule::kSpeculative;
    task.scheduled_event_id = state_.next_event_id;
    task.scheduled_time = run_.now();
    task.task_queue = state_.task_queue;
    task.start_to_close_timeout = state_.workflow_task_timeout;
    state_.workflow_task.Schedule(std::move(task));
  }

  absl::StatusOr<Reply> Do(const Request& request) {
    Decision decision = Decide(std::move(state_), request, {run_.now(), *random_, run_.settings()});
    state_ = std::move(decision.state);
    records_.insert(records_.end(), decision.records.begin(), decision.records.end());
    return std::move(decision.reply);
  }
  WorkflowTaskReply Poll() {
    StartWorkflowTask start;
    start.scheduled_event_id = state_.workflow_task.waiting()->scheduled_event_id;
    start.request_id = "poll";
    start.identity = "worker";
    start.polled_queue = state_.task_queue;
    const absl::StatusOr<Reply> reply = Do(start);
    REQUIRE(reply.ok());
    return std::get<WorkflowTaskReply>(*reply);
  }

  State& state() { return state_; }
  const State& before() const { return before_; }
  const std::vector<Record>& records() const { return records_; }
  // What the records since make of the state before, which must be what was decided.
  State Folded() const {
    State folded = before_;
    for (const Record& record : records_) REQUIRE(Apply(folded, record).ok());
    REQUIRE(EncodeSnapshot(folded) == EncodeSnapshot(state_));
    return folded;
  }
  Names Events() const {
    Names names;
    for (const Record& record : records_) {
      for (const HistoryEvent& event : ParseFramed(record.events)) names.push_back(TypeName(event));
    }
    return names;
  }

 private:
  TestRun run_;
  std::unique_ptr<Random> random_;
  State before_;
  State state_;
  std::vector<Record> records_;
};

workflow::Signal NewSignal() {
  workflow::Signal signal;
  signal.request.set_signal_name("go");
  return signal;
}

TEST_CASE("A speculative workflow task is owed to workers, and a crash leaves nothing of it") {
  SpeculativeRun run;
  REQUIRE(ObligationsOf(run.state()).dispatches.size() == 1);
  CHECK(ObligationsOf(run.state()).dispatches[0].scheduled_event_id == run.before().next_event_id);
  CHECK(DurableObligationsOf(run.state()).dispatches.empty());
  CHECK(HasVolatile(run.state()));
  CHECK(EncodeSnapshot(run.state()) == EncodeSnapshot(run.before()));
  CHECK_FALSE(run.state().workflow_task.Durable().has_value());
}

TEST_CASE("A speculative workflow task that is dropped was never there, also when a worker has it") {
  for (const bool started : {false, true}) {
    SpeculativeRun run;
    if (started) run.Poll();
    CHECK((run.state().workflow_task.running() != nullptr) == started);
    run.state().workflow_task.DropVolatile();
    CHECK(run.state().workflow_task.pending() == nullptr);
    CHECK_FALSE(HasVolatile(run.state()));
    CHECK(ObligationsOf(run.state()).dispatches.empty());
    REQUIRE(run.Do(NewSignal()).ok());
    CHECK(run.Events() == Names{"WorkflowExecutionSignaled", "WorkflowTaskScheduled"});
    run.Folded();
  }
}

TEST_CASE("A speculative workflow task becomes an ordinary one when the run writes") {
  SpeculativeRun run;
  REQUIRE(run.Do(NewSignal()).ok());
  CHECK(run.Events() == Names{"WorkflowTaskScheduled", "WorkflowExecutionSignaled"});
  CHECK(run.records().size() == 2);
  const State folded = run.Folded();
  REQUIRE(folded.workflow_task.waiting() != nullptr);
  CHECK(folded.workflow_task.waiting()->schedule == WorkflowTask::Schedule::kDurable);
  CHECK_FALSE(HasVolatile(run.state()));
}

TEST_CASE("Its worker sees the events of a speculative task, and they are written as it saw them") {
  SpeculativeRun run;
  const WorkflowTaskReply task = run.Poll();
  CHECK(run.records().empty());
  CHECK(task.history_to == run.before().next_event_id - 1);
  REQUIRE(ParseFramed(task.tail).size() == 2);
  CompleteWorkflowTask completion{task.token, {}};
  *completion.request.add_commands() = Marker("that history must hold");
  REQUIRE(run.Do(completion).ok());
  REQUIRE(run.records().size() == 2);
  CHECK(run.records()[0].events == task.tail);
  CHECK(run.Events() ==
        Names{"WorkflowTaskScheduled", "WorkflowTaskStarted", "WorkflowTaskCompleted", "MarkerRecorded"});
  run.Folded();
}

TEST_CASE("A reader makes nothing of a speculative task durable, and is shown it behind the history") {
  SpeculativeRun run;
  run.Poll();
  REQUIRE(run.Do(HardenWorkflowTaskStart{}).ok());
  CHECK(run.records().empty());
  CHECK(ParseFramed(TransientEvents(run.state())).size() == 2);
}

TEST_CASE("What a crash leaves of a soft start is the waiting task") {
  TestRun run;
  REQUIRE(run.Start().ok());
  const std::string waiting = EncodeSnapshot(run.state());
  run.PollWorkflowTask();
  State state = run.state();
  REQUIRE(state.workflow_task.running()->start == WorkflowTask::Start::kSoft);
  const WorkflowTask taken = state.workflow_task.TakeVolatile();
  CHECK(taken.IsRunning());
  REQUIRE(state.workflow_task.waiting() != nullptr);
  CHECK_FALSE(state.workflow_task.IsVolatile());
  CHECK(EncodeSnapshot(state) == waiting);
}

TEST_CASE("A hard start is kept when what is volatile is dropped") {
  TestRun run;
  REQUIRE(run.Start().ok());
  run.PollWorkflowTask();
  REQUIRE(run.Do(HardenWorkflowTaskStart{}).ok());
  State state = run.state();
  state.workflow_task.DropVolatile();
  REQUIRE(state.workflow_task.running() != nullptr);
  CHECK(state.workflow_task.running()->start == WorkflowTask::Start::kHard);
}

}  // namespace
}  // namespace perdure::engine::workflow::testing
