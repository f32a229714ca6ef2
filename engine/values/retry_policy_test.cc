#include "engine/values/retry_policy.h"

#include <catch2/catch.hpp>

#include "base/time.h"

namespace perdure::engine {
namespace {

namespace enums = temporal::api::enums::v1;

RetryPolicy Policy(absl::Duration initial, double coefficient, absl::Duration maximum) {
  RetryPolicy policy;
  *policy.mutable_initial_interval() = ToProto(initial);
  policy.set_backoff_coefficient(coefficient);
  *policy.mutable_maximum_interval() = ToProto(maximum);
  return policy;
}

Backoff After(const RetryPolicy& policy, int32_t attempt) {
  return NextBackoff(policy, {.attempt = attempt, .now = absl::UnixEpoch()});
}

TEST_CASE("Defaults of a retry policy") {
  RetryPolicy policy;
  FillDefaults(policy);
  REQUIRE(FromProto(policy.initial_interval()) == absl::Seconds(1));
  REQUIRE(policy.backoff_coefficient() == 2.0);
  REQUIRE(FromProto(policy.maximum_interval()) == absl::Seconds(100));
  REQUIRE(policy.maximum_attempts() == 0);

  RetryPolicy given;
  *given.mutable_initial_interval() = ToProto(absl::Milliseconds(200));
  FillDefaults(given);
  REQUIRE(FromProto(given.maximum_interval()) == absl::Seconds(20));
}

TEST_CASE("With one attempt the rest of a policy is not looked at") {
  RetryPolicy policy = Policy(absl::Seconds(-1), 0.1, absl::Seconds(-1));
  policy.set_maximum_attempts(1);
  REQUIRE_FALSE(ValidateAndCap(policy).has_value());
  policy.set_maximum_attempts(2);
  REQUIRE(ValidateAndCap(policy).has_value());
}

TEST_CASE("Timeout types may be named in either form") {
  RetryPolicy policy = Policy(absl::Seconds(1), 1, absl::Seconds(1));
  policy.add_non_retryable_error_types("TemporalTimeout:Heartbeat");
  policy.add_non_retryable_error_types("TemporalTimeout:TIMEOUT_TYPE_START_TO_CLOSE");
  policy.add_non_retryable_error_types("anything");
  REQUIRE_FALSE(ValidateAndCap(policy).has_value());
}

TEST_CASE("Backoff grows up to the maximum and never overflows") {
  const RetryPolicy policy = Policy(absl::Seconds(1), 2, absl::Seconds(100));
  REQUIRE(After(policy, 1).delay == absl::Seconds(1));
  REQUIRE(After(policy, 7).delay == absl::Seconds(64));
  REQUIRE(After(policy, 8).delay == absl::Seconds(100));
  REQUIRE(After(policy, 1'000'000).delay == absl::Seconds(100));
  REQUIRE(After(policy, 1'000'000).state == enums::RETRY_STATE_IN_PROGRESS);
}

TEST_CASE("The last attempt, and an attempt that would begin too late") {
  RetryPolicy policy = Policy(absl::Seconds(1), 2, absl::Seconds(100));
  policy.set_maximum_attempts(3);
  REQUIRE(After(policy, 2).state == enums::RETRY_STATE_IN_PROGRESS);
  REQUIRE(After(policy, 3).state == enums::RETRY_STATE_MAXIMUM_ATTEMPTS_REACHED);

  const absl::Time now = absl::UnixEpoch();
  BackoffInput input{.attempt = 1, .now = now, .expires_at = now + absl::Seconds(1)};
  REQUIRE(NextBackoff(policy, input).state == enums::RETRY_STATE_IN_PROGRESS);
  input.expires_at = now + absl::Milliseconds(999);
  REQUIRE(NextBackoff(policy, input).state == enums::RETRY_STATE_TIMEOUT);
}

TEST_CASE("Which failures are retried") {
  const RetryPolicy policy = Policy(absl::Seconds(1), 2, absl::Seconds(100));
  temporal::api::failure::v1::Failure failure;
  REQUIRE(IsRetryable(failure, policy));
  failure.mutable_application_failure_info();
  REQUIRE(IsRetryable(failure, policy));
  failure.mutable_server_failure_info()->set_non_retryable(true);
  REQUIRE_FALSE(IsRetryable(failure, policy));
  failure.mutable_canceled_failure_info();
  REQUIRE_FALSE(IsRetryable(failure, policy));
  failure.mutable_terminated_failure_info();
  REQUIRE_FALSE(IsRetryable(failure, policy));
  failure.mutable_timeout_failure_info()->set_timeout_type(enums::TIMEOUT_TYPE_HEARTBEAT);
  REQUIRE(IsRetryable(failure, policy));
  failure.mutable_timeout_failure_info()->set_timeout_type(enums::TIMEOUT_TYPE_SCHEDULE_TO_CLOSE);
  REQUIRE_FALSE(IsRetryable(failure, policy));
}

}  // namespace
}  // namespace perdure::engine
