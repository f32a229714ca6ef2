// TemporalReportedProblems: the search attribute of a run whose workflow tasks nobody completes.

#include <catch2/catch.hpp>

#include "engine/workflow/testing/test_run.h"

namespace perdure::engine::workflow::testing {
namespace {

namespace enums = temporal::api::enums::v1;

// Empty: the run reports none.
std::string Reported(const TestRun& run) {
  const auto attributes = SearchAttributesOf(run.state());
  const auto found = attributes.indexed_fields().find("TemporalReportedProblems");
  return found == attributes.indexed_fields().end() ? "" : found->second.data();
}

void FailTasks(TestRun& run, int count) {
  for (int i = 0; i < count; ++i) {
    run.PollWorkflowTask();
    REQUIRE(run.FailTask([](auto& request) {
                 request.set_cause(enums::WORKFLOW_TASK_FAILED_CAUSE_NON_DETERMINISTIC_ERROR);
               })
                .ok());
  }
}

void TimeOutTasks(TestRun& run, int count) {
  for (int i = 0; i < count; ++i) {
    run.PollWorkflowTask();
    run.Advance(absl::Minutes(30));
  }
}

TEST_CASE("A run reports its problem from the fifth failed workflow task to the next completed one") {
  TestRun run;
  REQUIRE(run.Start().ok());
  FailTasks(run, 4);
  CHECK(Reported(run).empty());
  FailTasks(run, 1);
  CHECK(Reported(run) ==
        R"(["category=WorkflowTaskFailed","cause=WorkflowTaskFailedCauseNonDeterministicError"])");
  CHECK(Describe(run.state(), run.now())
            .workflow_execution_info()
            .search_attributes()
            .indexed_fields()
            .contains("TemporalReportedProblems"));
  run.PollWorkflowTask();
  REQUIRE(run.Complete().ok());
  CHECK(Reported(run).empty());
}

TEST_CASE("Workflow tasks that time out are problems, too") {
  TestRun run;
  REQUIRE(run.Start().ok());
  TimeOutTasks(run, 5);
  CHECK(Reported(run) ==
        R"(["category=WorkflowTaskTimedOut","cause=WorkflowTaskTimedOutCauseStartToClose"])");
}

TEST_CASE("The reported problem is the one that stands in the history") {
  TestRun run;
  REQUIRE(run.Start().ok());
  FailTasks(run, 1);
  TimeOutTasks(run, 4);
  CHECK(Reported(run) ==
        R"(["category=WorkflowTaskFailed","cause=WorkflowTaskFailedCauseNonDeterministicError"])");
}

TEST_CASE("A completed workflow task makes the count begin again") {
  TestRun run;
  REQUIRE(run.Start().ok());
  FailTasks(run, 4);
  run.PollWorkflowTask();
  REQUIRE(run.Complete({StartTimer("t", absl::Seconds(1))}).ok());
  run.Advance(absl::Seconds(1));
  FailTasks(run, 4);
  CHECK(Reported(run).empty());
}

TEST_CASE("The failure of a sticky worker counts only when another one fails, too") {
  TestRun run;
  REQUIRE(run.Start().ok());
  run.PollWorkflowTask();
  REQUIRE(run.Complete(
                 {StartTimer("t", absl::Seconds(1))},
                 [](auto& request) {
                   request.mutable_sticky_attributes()->mutable_worker_task_queue()->set_name("sticky");
                   request.mutable_sticky_attributes()->mutable_schedule_to_start_timeout()->set_seconds(10);
                 })
              .ok());
  run.Advance(absl::Seconds(1));
  FailTasks(run, 5);
  CHECK(Reported(run).empty());
  FailTasks(run, 1);
  CHECK_FALSE(Reported(run).empty());
}

}  // namespace
}  // namespace perdure::engine::workflow::testing
