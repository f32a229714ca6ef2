// Deadlines of one moment: which goes first, as in the real server.

#include <catch2/catch.hpp>

#include "base/time.h"
#include "engine/workflow/testing/activity_worker.h"

namespace perdure::engine::workflow::testing {
namespace {

namespace enums = temporal::api::enums::v1;

// An activity whose other timeouts follow from its schedule-to-close timeout.
Command WholeActivity(absl::Duration schedule_to_close, bool eager) {
  return ScheduleActivity("a1", [&](auto& options) {
    options.clear_start_to_close_timeout();
    *options.mutable_schedule_to_close_timeout() = ToProto(schedule_to_close);
    options.set_request_eager_execution(eager);
  });
}

enums::TimeoutType TimeoutOf(const TestRun& run) {
  for (const HistoryEvent& event : run.history()) {
    if (!event.has_activity_task_timed_out_event_attributes()) continue;
    return event.activity_task_timed_out_event_attributes().failure().timeout_failure_info().timeout_type();
  }
  return enums::TIMEOUT_TYPE_UNSPECIFIED;
}

TEST_CASE("An activity that was started in the step that scheduled it times out as a whole") {
  TestRun run;
  StartWith(run, {WholeActivity(absl::Seconds(10), true)});
  run.Advance(absl::Seconds(10));
  CHECK(TimeoutOf(run) == enums::TIMEOUT_TYPE_SCHEDULE_TO_CLOSE);
  CHECK(run.EventsFrom(6) == Names{"ActivityTaskStarted", "ActivityTaskTimedOut", "WorkflowTaskScheduled"});
}

TEST_CASE("An activity that waits for a worker times out as one that was not started") {
  TestRun run;
  StartWith(run, {WholeActivity(absl::Seconds(10), false)});
  run.Advance(absl::Seconds(10));
  CHECK(TimeoutOf(run) == enums::TIMEOUT_TYPE_SCHEDULE_TO_START);
}

TEST_CASE("Of an attempt's two deadlines, start-to-close goes before the heartbeat's") {
  TestRun run;
  ActivityWorker worker(run);
  StartWith(run, {ScheduleActivity("a1", [](auto& options) {
              *options.mutable_heartbeat_timeout() = ToProto(absl::Seconds(10));
              options.mutable_retry_policy()->set_maximum_attempts(1);
            })});
  run.Sleep(absl::Seconds(1));
  worker.Poll();
  run.Advance(absl::Seconds(10));
  CHECK(TimeoutOf(run) == enums::TIMEOUT_TYPE_START_TO_CLOSE);
}

TEST_CASE("What a run's first step starts ends with the run") {
  TestRun run;
  REQUIRE(run.Start([](auto& request) {
               request.set_request_eager_execution(true);
               *request.mutable_workflow_run_timeout() = ToProto(absl::Seconds(5));
             })
              .ok());
  run.Advance(absl::Seconds(5));
  CHECK(run.EventsFrom(4) == Names{"WorkflowTaskFailed", "WorkflowExecutionTimedOut"});
}

TEST_CASE("Of a timer and an activity of one step, the first goes first") {
  const Command timer = StartTimer("t1", absl::Seconds(10));
  const Command activity = WholeActivity(absl::Seconds(10), false);
  SECTION("the timer") {
    TestRun run;
    StartWith(run, {timer, activity});
    run.Advance(absl::Seconds(10));
    CHECK(run.EventsFrom(7) == Names{"TimerFired", "WorkflowTaskScheduled", "ActivityTaskTimedOut"});
  }
  SECTION("the activity") {
    TestRun run;
    StartWith(run, {activity, timer});
    run.Advance(absl::Seconds(10));
    CHECK(run.EventsFrom(7) == Names{"ActivityTaskTimedOut", "WorkflowTaskScheduled", "TimerFired"});
  }
}

TEST_CASE("A timer goes before the task that was handed out in the step that started it") {
  TestRun run;
  REQUIRE(run.Start().ok());
  run.PollWorkflowTask();
  REQUIRE(run.Complete({StartTimer("t1", absl::Seconds(10))},
                       [](auto& request) {
                         request.set_force_create_new_workflow_task(true);
                         request.set_return_new_workflow_task(true);
                       })
              .ok());
  run.Advance(absl::Seconds(10));
  CHECK(run.EventsFrom(6) == Names{"WorkflowTaskScheduled", "WorkflowTaskStarted", "WorkflowTaskTimedOut",
                                   "TimerFired", "WorkflowTaskScheduled"});
}

TEST_CASE("An execution timeout goes before the run timeout that follows from it") {
  const absl::Duration into_a_millisecond = GENERATE(absl::Microseconds(400), absl::Microseconds(600));
  TestRun run;
  run.Sleep(into_a_millisecond);
  REQUIRE(run.Start([](auto& request) {
               *request.mutable_workflow_execution_timeout() = ToProto(absl::Seconds(30));
             })
              .ok());
  run.Advance(absl::Seconds(31));
  CHECK(run.history().back().workflow_execution_timed_out_event_attributes().retry_state() ==
        enums::RETRY_STATE_TIMEOUT);
}

}  // namespace
}  // namespace perdure::engine::workflow::testing
