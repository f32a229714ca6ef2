// Attempts: retries, heartbeats, timeouts, and which of two goes first.

#include <catch2/catch.hpp>

#include "base/limits.h"
#include "base/time.h"
#include "engine/activity/testing/test_activity.h"

namespace perdure::engine::activity::testing {
namespace {

namespace enums = temporal::api::enums::v1;

using StartRequest = api::StartActivityExecutionRequest;

With<StartRequest> MaximumAttempts(int32_t attempts) {
  return
      [attempts](StartRequest& request) { request.mutable_retry_policy()->set_maximum_attempts(attempts); };
}

TEST_CASE("A failed attempt is followed by another after the policy's interval, which sees the heartbeat") {
  TestActivity activity;
  REQUIRE(activity.Start().ok());
  const TaskReply first = activity.Poll();
  REQUIRE(activity.Heartbeat(first.token, "half").ok());
  REQUIRE(activity.Fail(first.token).ok());
  CHECK(activity.attempt() == 2);
  CHECK_FALSE(activity.Waits());
  const auto info = activity.Describe().info();
  CHECK(FromProto(info.current_retry_interval()) == absl::Seconds(1));
  CHECK(FromProto(info.next_attempt_schedule_time()) == activity.now() + absl::Seconds(1));
  CHECK(info.last_failure().message() == "broken");
  CHECK(activity.Complete(first.token).code() == absl::StatusCode::kNotFound);
  activity.Advance(absl::Seconds(1));
  const TaskReply second = activity.Poll();
  CHECK(second.response.attempt() == 2);
  CHECK(second.response.heartbeat_details().payloads(0).data() == "half");
  CHECK_FALSE(activity.Describe().info().has_current_retry_interval());
}

TEST_CASE("While an attempt runs, answers of the one before come too late") {
  TestActivity activity;
  REQUIRE(activity.Start().ok());
  const TaskReply first = activity.Poll();
  REQUIRE(activity.Fail(first.token).ok());
  activity.Advance(absl::Seconds(1));
  const TaskReply second = activity.Poll();
  CHECK(activity.Complete(first.token).code() == absl::StatusCode::kNotFound);
  CHECK(activity.Fail(first.token).code() == absl::StatusCode::kNotFound);
  CHECK(activity.Heartbeat(first.token, "late").status().code() == absl::StatusCode::kNotFound);
  CHECK(activity.attempt() == 2);
  CHECK(activity.Complete(second.token).ok());
}

TEST_CASE("The last attempt's failure is the outcome") {
  TestActivity activity;
  REQUIRE(activity.Start(MaximumAttempts(1)).ok());
  const TaskReply task = activity.Poll();
  SECTION("as the worker gave it") {
    REQUIRE(activity.Fail(task.token).ok());
    CHECK(activity.outcome().failure().message() == "broken");
    CHECK(activity.Describe().info().last_failure().message() == "broken");
  }
  SECTION("or one that says that the worker gave none") {
    REQUIRE(activity.Fail(task.token, [](auto& request) { request.clear_failure(); }).ok());
    CHECK(activity.outcome().failure().message() == "activity task failed without failure details");
  }
  CHECK(activity.outcome().retry_state() == enums::RETRY_STATE_MAXIMUM_ATTEMPTS_REACHED);
  CHECK(activity.status() == ActivityControl::FAILED);
}

TEST_CASE("Failures that are not retried: of their own, and of a type that the policy names") {
  TestActivity activity;
  REQUIRE(activity
              .Start([](StartRequest& request) {
                request.mutable_retry_policy()->add_non_retryable_error_types("Fatal");
              })
              .ok());
  const TaskReply task = activity.Poll();
  SECTION("of its own") {
    REQUIRE(activity
                .Fail(task.token,
                      [](auto& request) {
                        request.mutable_failure()->mutable_application_failure_info()->set_non_retryable(
                            true);
                      })
                .ok());
  }
  SECTION("of a type") {
    REQUIRE(activity
                .Fail(task.token,
                      [](auto& request) {
                        request.mutable_failure()->mutable_application_failure_info()->set_type("Fatal");
                      })
                .ok());
  }
  CHECK(activity.outcome().retry_state() == enums::RETRY_STATE_NON_RETRYABLE_FAILURE);
}

TEST_CASE("A failure's own delay replaces the policy's interval") {
  TestActivity activity;
  REQUIRE(activity.Start().ok());
  REQUIRE(
      activity
          .Fail(activity.Poll().token,
                [](auto& request) {
                  *request.mutable_failure()->mutable_application_failure_info()->mutable_next_retry_delay() =
                      ToProto(absl::Seconds(7));
                })
          .ok());
  CHECK(FromProto(activity.Describe().info().current_retry_interval()) == absl::Seconds(7));
}

TEST_CASE("A failure that is kept for the retry is cut") {
  TestActivity activity;
  REQUIRE(activity.Start().ok());
  REQUIRE(activity
              .Fail(activity.Poll().token,
                    [](auto& request) { request.mutable_failure()->set_message(std::string(6000, 'x')); })
              .ok());
  const auto failure = activity.Describe().info().last_failure();
  CHECK(failure.message() == "Failure exceeds size limit.");
  CHECK(failure.cause().ByteSizeLong() <= limits::kRetriedFailureSize + 100);
}

TEST_CASE("No attempt begins after the deadline of the whole") {
  TestActivity activity;
  REQUIRE(activity
              .Start([](StartRequest& request) {
                *request.mutable_schedule_to_close_timeout() = ToProto(absl::Seconds(5));
                *request.mutable_start_to_close_timeout() = ToProto(absl::Seconds(1));
                *request.mutable_retry_policy()->mutable_initial_interval() = ToProto(absl::Seconds(10));
              })
              .ok());
  const TaskReply task = activity.Poll();
  SECTION("after a failure: that is told") {
    REQUIRE(activity.Fail(task.token).ok());
    CHECK(activity.outcome().failure().message() == "broken");
    CHECK(activity.status() == ActivityControl::FAILED);
  }
  SECTION("after a timeout: the deadline that forbids it is told") {
    activity.Advance(absl::Seconds(1));
    CHECK(activity.outcome().failure().timeout_failure_info().timeout_type() ==
          enums::TIMEOUT_TYPE_SCHEDULE_TO_CLOSE);
    CHECK(activity.Describe().info().last_failure().message() == "activity StartToClose timeout");
    CHECK(activity.status() == ActivityControl::TIMED_OUT);
  }
  CHECK(activity.outcome().retry_state() == enums::RETRY_STATE_TIMEOUT);
}

TEST_CASE(
    "Start-to-close ends the attempt, and with the last one the activity: its cause is the one before") {
  TestActivity activity;
  REQUIRE(activity.Start(MaximumAttempts(2)).ok());
  const TaskReply first = activity.Poll();
  REQUIRE(activity.Heartbeat(first.token, "half").ok());
  activity.Advance(absl::Seconds(10));
  CHECK(activity.attempt() == 2);
  CHECK(activity.Complete(first.token).code() == absl::StatusCode::kNotFound);
  activity.Advance(absl::Seconds(1));
  activity.Poll();
  activity.Advance(absl::Seconds(10));
  const auto outcome = activity.outcome();
  CHECK(outcome.failure().message() == "activity StartToClose timeout");
  CHECK(outcome.failure().source().empty());
  CHECK(outcome.failure().cause().message() == "activity StartToClose timeout");
  CHECK(outcome.failure().timeout_failure_info().last_heartbeat_details().payloads(0).data() == "half");
  CHECK(outcome.retry_state() == enums::RETRY_STATE_MAXIMUM_ATTEMPTS_REACHED);
}

TEST_CASE("Schedule-to-start ends the activity while nobody takes it, counted from the start delay on") {
  TestActivity activity;
  REQUIRE(activity
              .Start([](StartRequest& request) {
                *request.mutable_schedule_to_start_timeout() = ToProto(absl::Seconds(3));
                *request.mutable_start_delay() = ToProto(absl::Seconds(5));
              })
              .ok());
  CHECK_FALSE(activity.Waits());
  CHECK(FromProto(activity.Describe().info().next_attempt_schedule_time()) ==
        activity.now() + absl::Seconds(5));
  activity.Advance(absl::Seconds(5));
  CHECK(activity.Waits());
  activity.Advance(absl::Seconds(3));
  CHECK(activity.outcome().failure().message() == "activity ScheduleToStart timeout");
  CHECK(activity.outcome().retry_state() == enums::RETRY_STATE_TIMEOUT);
}

TEST_CASE("A heartbeat puts the heartbeat timeout off") {
  TestActivity activity;
  REQUIRE(activity
              .Start([](StartRequest& request) {
                *request.mutable_heartbeat_timeout() = ToProto(absl::Seconds(2));
                request.mutable_retry_policy()->set_maximum_attempts(1);
              })
              .ok());
  const TaskReply task = activity.Poll();
  activity.Advance(absl::Seconds(1));
  REQUIRE(activity.Heartbeat(task.token, "half").ok());
  activity.Advance(absl::Milliseconds(1999));
  CHECK(activity.state().IsOpen());
  activity.Advance(absl::Milliseconds(1));
  CHECK(activity.outcome().failure().timeout_failure_info().timeout_type() == enums::TIMEOUT_TYPE_HEARTBEAT);
  CHECK(activity.Describe().info().total_heartbeat_count() == 1);
}

TEST_CASE("Of timeouts of one moment that of the whole is first where the attempt began with it") {
  TestActivity activity;
  REQUIRE(activity
              .Start([](StartRequest& request) {
                *request.mutable_schedule_to_close_timeout() = ToProto(absl::Seconds(10));
                *request.mutable_heartbeat_timeout() = ToProto(absl::Seconds(10));
              })
              .ok());
  activity.Poll();
  activity.Advance(absl::Seconds(10));
  CHECK(activity.outcome().failure().timeout_failure_info().timeout_type() ==
        enums::TIMEOUT_TYPE_SCHEDULE_TO_CLOSE);
}

TEST_CASE("Timers that fire late do what would have been done in time") {
  TestActivity activity;
  REQUIRE(activity
              .Start([](StartRequest& request) {
                *request.mutable_start_to_close_timeout() = ToProto(absl::Seconds(1));
                *request.mutable_schedule_to_close_timeout() = ToProto(absl::Seconds(60));
              })
              .ok());
  activity.Poll();
  activity.Sleep(absl::Seconds(90));
  REQUIRE(activity.Do(FireTimers{}).ok());
  CHECK(activity.status() == ActivityControl::TIMED_OUT);
  CHECK(activity.outcome().failure().timeout_failure_info().timeout_type() ==
        enums::TIMEOUT_TYPE_SCHEDULE_TO_CLOSE);
}

}  // namespace
}  // namespace perdure::engine::activity::testing
