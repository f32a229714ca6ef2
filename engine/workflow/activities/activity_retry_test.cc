// Attempts of an activity: what is retried, when, and what stops it.

#include <catch2/catch.hpp>

#include "base/limits.h"
#include "base/time.h"
#include "engine/workflow/testing/activity_worker.h"

namespace perdure::engine::workflow::testing {
namespace {

namespace enums = temporal::api::enums::v1;

// An activity "a1" whose retries follow this policy.
template <typename Fill>
Command Retried(Fill fill) {
  return ScheduleActivity("a1", [&](auto& a) { fill(*a.mutable_retry_policy()); });
}

const auto& Failed(const TestRun& run, int64_t event_id) {
  return run.Event(event_id).activity_task_failed_event_attributes();
}

absl::Duration NextIn(const TestRun& run) {
  const auto dispatches = run.obligations().dispatches;
  REQUIRE(dispatches.size() == 1);
  return dispatches[0].scheduled_time - run.now();
}

TEST_CASE("A failed attempt is followed by another after the backoff, without an event") {
  TestRun run;
  ActivityWorker worker(run);
  StartWith(run, {Retried([](auto& policy) {
              *policy.mutable_initial_interval() = ToProto(absl::Seconds(1));
              policy.set_backoff_coefficient(3);
              *policy.mutable_maximum_interval() = ToProto(absl::Seconds(5));
            })});
  for (const int seconds : {1, 3, 5, 5}) {
    REQUIRE(worker.Fail(worker.Poll().token).ok());
    REQUIRE(NextIn(run) == absl::Seconds(seconds));
    REQUIRE(worker.Waiting().empty());
    run.Advance(absl::Seconds(seconds));
  }
  REQUIRE(run.EventsFrom(6).empty());
  const ActivityTaskReply fifth = worker.Poll();
  REQUIRE(fifth.response.attempt() == 5);
  REQUIRE(fifth.response.current_attempt_scheduled_time().seconds() == absl::ToUnixSeconds(run.now()));
  REQUIRE(fifth.response.scheduled_time().seconds() == absl::ToUnixSeconds(run.now()) - 14);
  REQUIRE(worker.Complete(fifth.token).ok());
  REQUIRE(run.EventsFrom(6) ==
          Names{"ActivityTaskStarted", "ActivityTaskCompleted", "WorkflowTaskScheduled"});
  const auto& started = run.Event(6).activity_task_started_event_attributes();
  REQUIRE(started.attempt() == 5);
  REQUIRE(started.last_failure().message() == "broken");
  REQUIRE(started.request_id() == "activity-poll-5");
}

TEST_CASE("An attempt's token does nothing to the next attempt") {
  TestRun run;
  ActivityWorker worker(run);
  StartWith(run, {ScheduleActivity("a1")});
  const TaskToken first = worker.Poll().token;
  REQUIRE(worker.Fail(first).ok());
  REQUIRE(worker.Complete(first).code() == absl::StatusCode::kNotFound);
  run.Advance(absl::Seconds(1));
  const TaskToken second = worker.Poll().token;
  REQUIRE(worker.Complete(first).code() == absl::StatusCode::kNotFound);
  REQUIRE(worker.Fail(first).status().code() == absl::StatusCode::kNotFound);
  REQUIRE(worker.Cancel(first).code() == absl::StatusCode::kNotFound);
  REQUIRE(worker.Heartbeat(first).status().code() == absl::StatusCode::kNotFound);
  REQUIRE(worker.Complete(second).ok());
}

TEST_CASE("A worker may fail without saying why") {
  TestRun run;
  ActivityWorker worker(run);
  StartWith(run, {Retried([](auto& policy) { policy.set_maximum_attempts(2); })});
  REQUIRE(worker.Fail(worker.Poll().token, [](auto& r) { r.clear_failure(); }).ok());
  run.Advance(absl::Seconds(1));
  REQUIRE(worker.Fail(worker.Poll().token, [](auto& r) { r.clear_failure(); }).ok());
  REQUIRE_FALSE(run.Event(6).activity_task_started_event_attributes().has_last_failure());
  REQUIRE_FALSE(Failed(run, 7).has_failure());
}

TEST_CASE("Attempts are used up") {
  TestRun run;
  ActivityWorker worker(run);
  StartWith(run, {Retried([](auto& policy) { policy.set_maximum_attempts(2); })});
  REQUIRE(worker.Fail(worker.Poll().token, [](auto& r) { r.mutable_failure()->set_message("first"); }).ok());
  run.Advance(absl::Seconds(1));
  REQUIRE(worker.Fail(worker.Poll().token, [](auto& r) { r.mutable_failure()->set_message("second"); }).ok());
  REQUIRE(run.EventsFrom(6) == Names{"ActivityTaskStarted", "ActivityTaskFailed", "WorkflowTaskScheduled"});
  REQUIRE(run.Event(6).activity_task_started_event_attributes().last_failure().message() == "first");
  REQUIRE(Failed(run, 7).failure().message() == "second");
  REQUIRE(Failed(run, 7).started_event_id() == 6);
  REQUIRE(Failed(run, 7).identity() == "activity worker");
  REQUIRE(Failed(run, 7).retry_state() == enums::RETRY_STATE_MAXIMUM_ATTEMPTS_REACHED);
}

TEST_CASE("A failure that says so, or whose type the policy names, is not retried") {
  TestRun run;
  ActivityWorker worker(run);
  StartWith(run, {Retried([](auto& policy) { policy.add_non_retryable_error_types("Fatal"); }),
                  ScheduleActivity("a2")});
  REQUIRE(
      worker
          .Fail(worker.Poll().token,
                [](auto& r) { r.mutable_failure()->mutable_application_failure_info()->set_type("Fatal"); })
          .ok());
  REQUIRE(Failed(run, 8).retry_state() == enums::RETRY_STATE_NON_RETRYABLE_FAILURE);
  REQUIRE(worker
              .Fail(worker.Poll().token,
                    [](auto& r) {
                      r.mutable_failure()->mutable_application_failure_info()->set_non_retryable(true);
                    })
              .ok());
  REQUIRE(Failed(run, 11).retry_state() == enums::RETRY_STATE_NON_RETRYABLE_FAILURE);
}

TEST_CASE("The failure's own delay replaces the policy's interval and its maximum") {
  TestRun run;
  ActivityWorker worker(run);
  StartWith(run,
            {Retried([](auto& policy) { *policy.mutable_maximum_interval() = ToProto(absl::Seconds(2)); })});
  const auto fail_with_delay = [&](absl::Duration delay) {
    return worker.Fail(worker.Poll().token, [&](auto& r) {
      *r.mutable_failure()->mutable_application_failure_info()->mutable_next_retry_delay() = ToProto(delay);
    });
  };
  REQUIRE(fail_with_delay(absl::Seconds(30)).ok());
  REQUIRE(NextIn(run) == absl::Seconds(30));
  run.Advance(absl::Seconds(30));
  REQUIRE(fail_with_delay(absl::ZeroDuration()).ok());
  REQUIRE(Failed(run, 7).retry_state() == enums::RETRY_STATE_TIMEOUT);
}

TEST_CASE("A retry that would begin after schedule-to-close is not made") {
  TestRun run;
  ActivityWorker worker(run);
  StartWith(run, {ScheduleActivity("a1", [](auto& a) {
              *a.mutable_schedule_to_close_timeout() = ToProto(absl::Seconds(30));
              *a.mutable_retry_policy()->mutable_initial_interval() = ToProto(absl::Seconds(60));
            })});
  REQUIRE(worker.Fail(worker.Poll().token).ok());
  REQUIRE(Failed(run, 7).retry_state() == enums::RETRY_STATE_TIMEOUT);
  REQUIRE(Failed(run, 7).failure().message() == "broken");
}

TEST_CASE("The next attempt gets the last heartbeat's details, or those of the failure") {
  TestRun run;
  ActivityWorker worker(run);
  StartWith(run, {ScheduleActivity("a1")});
  const TaskToken first = worker.Poll().token;
  REQUIRE(worker.Heartbeat(first, [](auto& r) { *r.mutable_details() = PayloadsOf("one"); }).ok());
  REQUIRE(worker.Fail(first).ok());
  run.Advance(absl::Seconds(1));
  const ActivityTaskReply second = worker.Poll();
  REQUIRE(second.response.heartbeat_details().payloads(0).data() == "one");
  REQUIRE(worker.Fail(second.token, [](auto& r) { *r.mutable_last_heartbeat_details() = PayloadsOf("two"); })
              .ok());
  run.Advance(absl::Seconds(2));
  const ActivityTaskReply third = worker.Poll();
  REQUIRE(third.response.heartbeat_details().payloads(0).data() == "two");
  REQUIRE(worker.Heartbeat(third.token).ok());
  REQUIRE(worker.Fail(third.token).ok());
  run.Advance(absl::Seconds(4));
  REQUIRE_FALSE(worker.Poll().response.has_heartbeat_details());
}

TEST_CASE("Of a failure that is retried, state keeps little") {
  TestRun run;
  ActivityWorker worker(run);
  StartWith(run, {ScheduleActivity("a1")});
  REQUIRE(worker
              .Fail(worker.Poll().token,
                    [](auto& r) { r.mutable_failure()->set_message(std::string(100'000, 'x')); })
              .ok());
  const auto& kept = *run.state().activities->at(5)->last_failure;
  REQUIRE(kept.message() == "Failure exceeds size limit.");
  REQUIRE_FALSE(kept.server_failure_info().non_retryable());
  REQUIRE(kept.cause().application_failure_info().type() == "Broken");
  REQUIRE(kept.ByteSizeLong() < limits::kRetriedFailureSize + 100);
}

TEST_CASE("A run that closes between two attempts dispatches nothing more") {
  TestRun run;
  ActivityWorker worker(run);
  StartWith(run, {ScheduleActivity("a1")});
  REQUIRE(worker.Fail(worker.Poll().token).ok());
  REQUIRE(run.Terminate().ok());
  run.Advance(absl::Seconds(10));
  REQUIRE(worker.Waiting().empty());
}

}  // namespace
}  // namespace perdure::engine::workflow::testing
