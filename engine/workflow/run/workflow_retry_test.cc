// Runs that follow by themselves: retry policies of workflows, and cron schedules.

#include <catch2/catch.hpp>

#include "base/time.h"
#include "engine/values/failures.h"
#include "engine/workflow/testing/test_run.h"

namespace perdure::engine::workflow::testing {
namespace {

namespace enums = temporal::api::enums::v1;
using api::StartWorkflowExecutionRequest;

const auto& Started(const TestRun& run) { return run.Event(1).workflow_execution_started_event_attributes(); }
const auto& Failed(const TestRun& run) {
  return run.history().back().workflow_execution_failed_event_attributes();
}
const auto& TimedOut(const TestRun& run) {
  return run.history().back().workflow_execution_timed_out_event_attributes();
}

// As the frontend hands it on.
void SetPolicy(StartWorkflowExecutionRequest& request, absl::Duration interval, int attempts = 0) {
  auto& policy = *request.mutable_retry_policy();
  *policy.mutable_initial_interval() = ToProto(interval);
  *policy.mutable_maximum_interval() = ToProto(100 * interval);
  policy.set_backoff_coefficient(2);
  policy.set_maximum_attempts(attempts);
}

void Fail(TestRun& run, const Failure& failure) {
  Command command = FailWorkflow("");
  *command.mutable_fail_workflow_execution_command_attributes()->mutable_failure() = failure;
  run.PollWorkflowTask();
  REQUIRE(run.Complete({command}).ok());
}

Failure Broken() {
  Failure failure;
  failure.set_message("broken");
  failure.mutable_application_failure_info()->set_type("Broken");
  return failure;
}

void Complete(TestRun& run, const std::string& result) {
  Command command = CompleteWorkflow();
  command.mutable_complete_workflow_execution_command_attributes()
      ->mutable_result()
      ->add_payloads()
      ->set_data(result);
  run.PollWorkflowTask();
  REQUIRE(run.Complete({command}).ok());
}

TEST_CASE("A run that fails is followed by the next attempt, as it was started") {
  TestRun run;
  REQUIRE(run.Start([](auto& request) {
               SetPolicy(request, absl::Seconds(5), 3);
               request.mutable_input()->add_payloads()->set_data("in");
               (*request.mutable_memo()->mutable_fields())["note"].set_data("\"a memo\"");
               request.mutable_last_completion_result()->add_payloads()->set_data("earlier");
             })
              .ok());
  const std::string first = run.state().facts->run_id.ToString();
  Fail(run, Broken());
  CHECK(Failed(run).retry_state() == enums::RETRY_STATE_IN_PROGRESS);
  CHECK(Failed(run).new_execution_run_id() == run.next().value().state.facts->run_id.ToString());

  run.GoOn();
  CHECK(run.Events() == Names{"WorkflowExecutionStarted"});
  CHECK(Started(run).initiator() == enums::CONTINUE_AS_NEW_INITIATOR_RETRY);
  CHECK(Started(run).attempt() == 2);
  CHECK(Started(run).first_execution_run_id() == first);
  CHECK(Started(run).continued_failure().message() == "broken");
  CHECK(Started(run).input().payloads(0).data() == "in");
  CHECK(Started(run).memo().fields().at("note").data() == "\"a memo\"");
  CHECK_FALSE(Started(run).has_last_completion_result());
  CHECK(FromProto(Started(run).first_workflow_task_backoff()) == absl::Seconds(5));

  run.Advance(absl::Seconds(5));
  Fail(run, Broken());
  run.GoOn();
  CHECK(Started(run).attempt() == 3);
  CHECK(Started(run).first_execution_run_id() == first);
  CHECK(FromProto(Started(run).first_workflow_task_backoff()) == absl::Seconds(10));

  run.Advance(absl::Seconds(10));
  Fail(run, Broken());
  CHECK(Failed(run).retry_state() == enums::RETRY_STATE_MAXIMUM_ATTEMPTS_REACHED);
  CHECK_FALSE(run.next().has_value());
}

TEST_CASE("Why a failure is not retried") {
  struct Case {
    Failure failure;
    int attempts;
    enums::RetryState state;
  };
  Failure final = Broken();
  final.mutable_application_failure_info()->set_non_retryable(true);
  Failure listed = Broken();
  listed.mutable_application_failure_info()->set_type("Listed");
  Failure canceled;
  canceled.mutable_canceled_failure_info();
  Failure late = Broken();
  *late.mutable_application_failure_info()->mutable_next_retry_delay() = ToProto(absl::Hours(2));
  for (const Case& c : {Case{final, 1, enums::RETRY_STATE_NON_RETRYABLE_FAILURE},
                        Case{listed, 0, enums::RETRY_STATE_NON_RETRYABLE_FAILURE},
                        Case{canceled, 0, enums::RETRY_STATE_NON_RETRYABLE_FAILURE},
                        Case{Broken(), 1, enums::RETRY_STATE_MAXIMUM_ATTEMPTS_REACHED},
                        Case{late, 0, enums::RETRY_STATE_TIMEOUT}}) {
    TestRun run;
    REQUIRE(run.Start([&](auto& request) {
                 SetPolicy(request, absl::Seconds(5), c.attempts);
                 request.mutable_retry_policy()->add_non_retryable_error_types("Listed");
                 *request.mutable_workflow_execution_timeout() = ToProto(absl::Hours(1));
               })
                .ok());
    Fail(run, c.failure);
    CHECK(Failed(run).retry_state() == c.state);
    CHECK(Failed(run).new_execution_run_id().empty());
    CHECK_FALSE(run.next().has_value());
  }
}

TEST_CASE("A failure says itself when the next attempt begins") {
  TestRun run;
  REQUIRE(run.Start([](auto& request) { SetPolicy(request, absl::Seconds(5)); }).ok());
  Failure failure = Broken();
  *failure.mutable_application_failure_info()->mutable_next_retry_delay() = ToProto(absl::Minutes(7));
  Fail(run, failure);
  run.GoOn();
  CHECK(FromProto(Started(run).first_workflow_task_backoff()) == absl::Minutes(7));
}

TEST_CASE("A run that times out is followed by the next attempt") {
  TestRun run;
  REQUIRE(run.Start([](auto& request) {
               SetPolicy(request, absl::Seconds(5), 2);
               *request.mutable_workflow_run_timeout() = ToProto(absl::Minutes(1));
               request.mutable_last_completion_result()->add_payloads()->set_data("earlier");
             })
              .ok());
  run.PollWorkflowTask();
  run.Advance(absl::Minutes(1));
  CHECK(run.EventsFrom(3) ==
        Names{"WorkflowTaskStarted", "WorkflowTaskTimedOut", "WorkflowExecutionTimedOut"});
  CHECK(TimedOut(run).retry_state() == enums::RETRY_STATE_IN_PROGRESS);
  run.GoOn();
  CHECK(Started(run).attempt() == 2);
  CHECK(Started(run).last_completion_result().payloads(0).data() == "earlier");
  CHECK(Started(run).continued_failure().timeout_failure_info().timeout_type() ==
        enums::TIMEOUT_TYPE_START_TO_CLOSE);
  run.Advance(absl::Seconds(64));
  CHECK(run.state().IsOpen());
  run.Advance(absl::Seconds(1));
  CHECK(TimedOut(run).retry_state() == enums::RETRY_STATE_MAXIMUM_ATTEMPTS_REACHED);
  CHECK_FALSE(run.next().has_value());
}

TEST_CASE("The end of the execution ends retries and schedules") {
  TestRun run;
  REQUIRE(run.Start([](auto& request) {
               SetPolicy(request, absl::Seconds(5));
               request.set_cron_schedule("@every 10s");
               *request.mutable_workflow_execution_timeout() = ToProto(absl::Minutes(1));
             })
              .ok());
  run.Advance(absl::Minutes(1));
  CHECK(TimedOut(run).retry_state() == enums::RETRY_STATE_TIMEOUT);
  CHECK_FALSE(run.next().has_value());
}

TEST_CASE("A run that is canceled or terminated is not followed") {
  for (const bool terminated : {false, true}) {
    TestRun run;
    REQUIRE(run.Start([](auto& request) {
                 SetPolicy(request, absl::Seconds(5));
                 request.set_cron_schedule("@every 10s");
               })
                .ok());
    if (terminated) {
      REQUIRE(run.Terminate().ok());
    } else {
      run.Advance(absl::Seconds(10));
      run.PollWorkflowTask();
      REQUIRE(run.Complete({CancelWorkflow()}).ok());
    }
    CHECK_FALSE(run.state().IsOpen());
    CHECK_FALSE(run.next().has_value());
  }
}

TEST_CASE("A scheduled run waits for its time, and is followed by the next one") {
  TestRun run;
  REQUIRE(run.Start([](auto& request) {
               request.set_cron_schedule("@every 10s");
               request.set_request_eager_execution(true);
             })
              .ok());
  CHECK(run.Events() == Names{"WorkflowExecutionStarted"});
  CHECK(Started(run).initiator() == enums::CONTINUE_AS_NEW_INITIATOR_CRON_SCHEDULE);
  CHECK(Started(run).cron_schedule() == "@every 10s");
  CHECK_FALSE(Started(run).eager_execution_accepted());
  CHECK(FromProto(Started(run).first_workflow_task_backoff()) == absl::Seconds(10));
  run.Advance(absl::Seconds(10));
  run.Sleep(absl::Seconds(3));
  Complete(run, "one");
  CHECK(run.history().back().workflow_execution_completed_event_attributes().new_execution_run_id() ==
        run.next().value().state.facts->run_id.ToString());
  run.GoOn();
  CHECK(Started(run).initiator() == enums::CONTINUE_AS_NEW_INITIATOR_CRON_SCHEDULE);
  CHECK(Started(run).last_completion_result().payloads(0).data() == "one");
  CHECK(FromProto(Started(run).first_workflow_task_backoff()) == absl::Seconds(7));

  // The times that pass while a run is at work are left out.
  run.Advance(absl::Seconds(7));
  run.Sleep(absl::Seconds(25));
  Fail(run, Broken());
  CHECK(Failed(run).retry_state() == enums::RETRY_STATE_RETRY_POLICY_NOT_SET);
  run.GoOn();
  CHECK(Started(run).attempt() == 1);
  CHECK(Started(run).last_completion_result().payloads(0).data() == "one");
  CHECK(Started(run).continued_failure().message() == "broken");
  CHECK(FromProto(Started(run).first_workflow_task_backoff()) == absl::Seconds(5));
}

TEST_CASE("A scheduled run that fails is retried first") {
  TestRun run;
  REQUIRE(run.Start([](auto& request) {
               SetPolicy(request, absl::Seconds(2), 2);
               request.set_cron_schedule("@every 1h");
             })
              .ok());
  run.Advance(absl::Hours(1));
  Fail(run, Broken());
  run.GoOn();
  CHECK(Started(run).initiator() == enums::CONTINUE_AS_NEW_INITIATOR_RETRY);
  CHECK(Started(run).cron_schedule() == "@every 1h");
  run.Advance(absl::Seconds(2));
  Fail(run, Broken());
  CHECK(Failed(run).retry_state() == enums::RETRY_STATE_MAXIMUM_ATTEMPTS_REACHED);
  run.GoOn();
  CHECK(Started(run).initiator() == enums::CONTINUE_AS_NEW_INITIATOR_CRON_SCHEDULE);
  CHECK(Started(run).attempt() == 1);
  CHECK(FromProto(Started(run).first_workflow_task_backoff()) == absl::Hours(1));
}

TEST_CASE("A schedule that cannot be read ends the chain") {
  TestRun run;
  REQUIRE(run.Start().ok());
  run.PollWorkflowTask();
  REQUIRE(run.Complete({ContinueAsNew([](auto& wanted) { wanted.set_cron_schedule("nonsense"); })}).ok());
  run.GoOn();
  run.Advance(absl::Seconds(1));
  Complete(run, "one");
  CHECK_FALSE(run.next().has_value());
}

}  // namespace
}  // namespace perdure::engine::workflow::testing
