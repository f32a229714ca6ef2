// Logs without the rows that hold no event: TestRun folds them beside the whole log after every step.

#include <catch2/catch.hpp>

#include "engine/workflow/testing/activity_worker.h"
#include "engine/workflow/testing/test_run.h"

namespace perdure::engine::workflow::testing {
namespace {

TEST_CASE("Events that were buffered have their effect although the rows that buffered them are gone") {
  TestRun run;
  ActivityWorker worker(run);
  REQUIRE(run.Start().ok());
  run.PollWorkflowTask();
  REQUIRE(run.Complete({ScheduleActivity("a"), StartTimer("t", absl::Seconds(5))},
                       [](auto& request) { request.set_force_create_new_workflow_task(true); })
              .ok());
  const auto task = worker.Poll();
  run.PollWorkflowTask();
  REQUIRE(run.Signal("one").ok());
  REQUIRE(run.Signal("two").ok());
  REQUIRE(run.RequestCancel().ok());
  REQUIRE(worker.Complete(task.token).ok());
  run.Advance(absl::Seconds(6));
  REQUIRE(run.state().buffered->size() >= 5);
  REQUIRE(run.Complete().ok());
  CHECK(run.state().buffered->empty());
  CHECK(run.state().signal_count == 2);
  CHECK(run.state().CancelRequested());
  CHECK(run.state().activities->empty());
  CHECK(run.state().timers->empty());
}

TEST_CASE("An activity's id is free again although the row that ended it is gone") {
  TestRun run;
  ActivityWorker worker(run);
  REQUIRE(run.Start().ok());
  run.PollWorkflowTask();
  REQUIRE(run.Complete({ScheduleActivity("a")},
                       [](auto& request) { request.set_force_create_new_workflow_task(true); })
              .ok());
  const auto task = worker.Poll();
  run.PollWorkflowTask();
  REQUIRE(worker.Complete(task.token).ok());
  REQUIRE(run.Complete({ScheduleActivity("a")}).ok());
  CHECK(run.state().activities->size() == 1);
  REQUIRE(worker.Complete(worker.Poll().token).ok());
  CHECK(run.state().activities->empty());
}

TEST_CASE("A timer is cancelled, and its id started again, although the row in which it fired is gone") {
  TestRun run;
  REQUIRE(run.Start().ok());
  run.PollWorkflowTask();
  REQUIRE(run.Complete({StartTimer("t", absl::Seconds(1)), StartTimer("u", absl::Seconds(1))},
                       [](auto& request) { request.set_force_create_new_workflow_task(true); })
              .ok());
  run.PollWorkflowTask();
  run.Advance(absl::Seconds(2));
  REQUIRE(run.Signal("go").ok());
  REQUIRE(run.state().buffered->size() == 3);
  REQUIRE(
      run.Complete({CancelTimer("t"), StartTimer("t", absl::Seconds(1)), StartTimer("u", absl::Seconds(9))})
          .ok());
  CHECK(run.state().timers->size() == 2);
  run.Advance(absl::Seconds(2));
  CHECK(run.state().timers->size() == 1);
}

TEST_CASE("Failed attempts leave no gap in what is folded from events") {
  TestRun run;
  ActivityWorker worker(run);
  REQUIRE(run.Start().ok());
  for (int i = 0; i < 3; ++i) {
    run.PollWorkflowTask();
    REQUIRE(run.FailTask().ok());
  }
  run.PollWorkflowTask();
  REQUIRE(run
              .Complete({ScheduleActivity(
                  "a", [](auto& options) { options.mutable_retry_policy()->set_backoff_coefficient(1); })})
              .ok());
  for (int i = 0; i < 3; ++i) {
    const auto task = worker.Poll();
    REQUIRE(worker.Heartbeat(task.token).ok());
    REQUIRE(worker.Fail(task.token).ok());
    run.Advance(absl::Seconds(2));
  }
  REQUIRE(worker.Complete(worker.Poll().token).ok());
  run.PollWorkflowTask();
  REQUIRE(run.Complete({CompleteWorkflow()}).ok());
  CHECK_FALSE(run.state().IsOpen());
}

TEST_CASE("A record's place says how many the run has had, whatever is gone before it") {
  TestRun run;
  REQUIRE(run.Start().ok());
  State state;
  for (const Record& record : run.last_records()) REQUIRE(Apply(state, record).ok());
  run.PollWorkflowTask();
  REQUIRE(run.Complete().ok());
  for (Record record : run.last_records()) {
    record.sequence += 100;
    REQUIRE(Apply(state, record).ok());
    CHECK(state.last_sequence == record.sequence);
    State copy = state;
    copy.next_event_id = record.first_event_id;
    CHECK(Apply(copy, record).code() == absl::StatusCode::kDataLoss);
  }
}

}  // namespace
}  // namespace perdure::engine::workflow::testing
