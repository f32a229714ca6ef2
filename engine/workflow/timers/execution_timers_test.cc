// Timeouts of runs.

#include <catch2/catch.hpp>

#include "base/time.h"
#include "engine/workflow/testing/test_run.h"

namespace perdure::engine::workflow::testing {
namespace {

namespace enums = temporal::api::enums::v1;

enums::RetryState TimedOutState(const TestRun& run) {
  return run.history().back().workflow_execution_timed_out_event_attributes().retry_state();
}

TEST_CASE("A run times out") {
  TestRun run;
  REQUIRE(
      run.Start([](auto& request) { *request.mutable_workflow_run_timeout() = ToProto(absl::Seconds(30)); })
          .ok());
  CHECK(run.obligations().next_timer == run.now() + absl::Seconds(30));
  run.Advance(absl::Seconds(29));
  CHECK(run.state().IsOpen());
  run.Advance(absl::Seconds(1));
  CHECK(run.EventsFrom(3) == Names{"WorkflowExecutionTimedOut"});
  CHECK(TimedOutState(run) == enums::RETRY_STATE_RETRY_POLICY_NOT_SET);
  CHECK(run.state().status == enums::WORKFLOW_EXECUTION_STATUS_TIMED_OUT);
}

TEST_CASE("An execution times out") {
  TestRun run;
  REQUIRE(run.Start([](auto& request) {
               *request.mutable_workflow_execution_timeout() = ToProto(absl::Seconds(30));
             })
              .ok());
  run.Advance(absl::Seconds(30));
  CHECK(run.EventsFrom(3) == Names{"WorkflowExecutionTimedOut"});
  CHECK(TimedOutState(run) == enums::RETRY_STATE_TIMEOUT);
}

TEST_CASE("A timeout while a task runs fails the task first and writes what was buffered") {
  TestRun run;
  REQUIRE(run.Start([](auto& request) {
               *request.mutable_workflow_run_timeout() = ToProto(absl::Seconds(5));
               *request.mutable_workflow_task_timeout() = ToProto(absl::Seconds(5));
             })
              .ok());
  run.Advance(absl::Seconds(1));
  run.PollWorkflowTask();
  REQUIRE(run.Signal("go").ok());
  run.Advance(absl::Seconds(4));
  CHECK(run.EventsFrom(3) == Names{"WorkflowTaskStarted", "WorkflowTaskFailed", "WorkflowExecutionSignaled",
                                   "WorkflowExecutionTimedOut"});
}

TEST_CASE("The run timeout counts from the end of the start delay") {
  TestRun run;
  REQUIRE(run.Start([](auto& request) {
               *request.mutable_workflow_run_timeout() = ToProto(absl::Seconds(30));
               *request.mutable_workflow_start_delay() = ToProto(absl::Seconds(100));
             })
              .ok());
  run.Advance(absl::Seconds(129));
  CHECK(run.state().IsOpen());
  run.Advance(absl::Seconds(1));
  CHECK_FALSE(run.state().IsOpen());
}

TEST_CASE("A closed run's only timer is its retention") {
  TestRun run;
  run.settings().retention = absl::Hours(24);
  REQUIRE(
      run.Start([](auto& request) { *request.mutable_workflow_run_timeout() = ToProto(absl::Seconds(30)); })
          .ok());
  REQUIRE(run.Terminate().ok());
  CHECK(run.obligations().next_timer == run.now() + absl::Hours(24));
}

}  // namespace
}  // namespace perdure::engine::workflow::testing
