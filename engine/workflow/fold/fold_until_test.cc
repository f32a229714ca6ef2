// Folds that stop at an event. That each event of each history that the tests here make gives what a fresh
// run with it has is checked by EachEvent after every step; here is what such a state holds, and what not.

#include <catch2/catch.hpp>

#include "engine/workflow/testing/activity_worker.h"
#include "engine/workflow/testing/test_run.h"

namespace perdure::engine::workflow::testing {
namespace {

// A run's records, step after step.
class Log {
 public:
  explicit Log(TestRun& run) : run_(run) {}
  void Take(const absl::Status& status) {
    REQUIRE(status.ok());
    records_.insert(records_.end(), run_.last_records().begin(), run_.last_records().end());
  }
  State Until(int64_t event_id) const {
    absl::StatusOr<State> state = FoldUntil(records_, event_id);
    INFO(state.status());
    REQUIRE(state.ok());
    return *std::move(state);
  }
  std::vector<Record>& records() { return records_; }

 private:
  TestRun& run_;
  std::vector<Record> records_;
};

void Force(api::RespondWorkflowTaskCompletedRequest& request) {
  request.set_force_create_new_workflow_task(true);
}

TEST_CASE("A fold stops inside a record") {
  TestRun run;
  Log log(run);
  log.Take(run.Start().status());
  run.PollWorkflowTask();
  log.Take(run.Complete({StartTimer("one", absl::Seconds(1)), StartTimer("two", absl::Seconds(1))}).status());
  REQUIRE(log.records().back().event_count == 3);
  CHECK(log.Until(1).workflow_task.pending() == nullptr);
  CHECK(log.Until(2).workflow_task.waiting() != nullptr);
  CHECK(log.Until(3).workflow_task.running() != nullptr);
  CHECK(log.Until(4).timers->empty());
  CHECK(log.Until(5).timers->size() == 1);
  CHECK(log.Until(6).timers->size() == 2);
}

TEST_CASE("A log that has no such event is OUT_OF_RANGE, a damaged one DATA_LOSS") {
  TestRun run;
  Log log(run);
  log.Take(run.Start().status());
  CHECK(FoldUntil(log.records(), 0).status().code() == absl::StatusCode::kOutOfRange);
  CHECK(FoldUntil(log.records(), 3).status().code() == absl::StatusCode::kOutOfRange);
  CHECK(FoldUntil({}, 1).status().code() == absl::StatusCode::kOutOfRange);
  log.records().front().events.resize(log.records().front().events.size() - 1);
  CHECK(FoldUntil(log.records(), 1).ok());  // what comes after it is not read
  CHECK(FoldUntil(log.records(), 2).status().code() == absl::StatusCode::kDataLoss);
}

TEST_CASE("Attempts and heartbeats of an activity are no part of a history") {
  TestRun run;
  Log log(run);
  ActivityWorker worker(run);
  log.Take(run.Start().status());
  run.PollWorkflowTask();
  log.Take(run.Complete({ScheduleActivity("a")}).status());
  ActivityTaskReply task = worker.Poll();
  log.Take(absl::OkStatus());  // its start
  log.Take(worker.Heartbeat(task.token).status());
  log.Take(worker.Fail(task.token).status());
  REQUIRE(run.state().activities->at(5)->attempt == 2);
  const State state = log.Until(5);
  CHECK(state.activities->at(5)->attempt == 1);
  CHECK(state.activities->at(5)->heartbeat_details == nullptr);
  CHECK(state.activities->at(5)->last_failure == nullptr);
}

TEST_CASE("What was buffered has its effect where it has its id, also among other flushed events") {
  TestRun run;
  Log log(run);
  log.Take(run.Start().status());
  run.PollWorkflowTask();
  log.Take(run.Signal("one"));
  log.Take(run.Signal("two"));
  log.Take(run.Complete().status());
  REQUIRE(run.EventsFrom(4) == Names{"WorkflowTaskCompleted", "WorkflowExecutionSignaled",
                                     "WorkflowExecutionSignaled", "WorkflowTaskScheduled"});
  CHECK(log.Until(4).signal_count == 0);
  CHECK(log.Until(4).buffered->empty());
  CHECK(log.Until(5).signal_count == 1);
  CHECK(log.Until(6).signal_count == 2);
}

TEST_CASE("A chain of heartbeats is known with the task that continues it") {
  TestRun run;
  Log log(run);
  log.Take(run.Start().status());
  run.PollWorkflowTask();
  run.Sleep(absl::Seconds(2));
  const absl::Time since = run.state().workflow_task.pending()->scheduled_time;
  log.Take(run.Complete({}, Force).status());
  REQUIRE(log.Until(5).workflow_task.waiting() != nullptr);
  CHECK(log.Until(5).workflow_task.waiting()->original_scheduled_time == since);
}

TEST_CASE("A transient workflow task is no part of a history until it succeeds") {
  TestRun run;
  Log log(run);
  log.Take(run.Start().status());
  run.PollWorkflowTask();
  log.Take(run.FailTask());
  REQUIRE(run.state().workflow_task.pending() != nullptr);
  CHECK(log.Until(4).workflow_task.pending() == nullptr);
  CHECK(log.Until(4).workflow_task_attempt == 2);
  run.PollWorkflowTask();
  log.Take(run.Complete().status());
  CHECK(log.Until(5).workflow_task.waiting()->attempt == 2);
  CHECK(log.Until(6).workflow_task.running()->attempt == 2);
}

}  // namespace
}  // namespace perdure::engine::workflow::testing
