#include "engine/values/retry_policy.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>

#include "base/text.h"
#include "base/time.h"
#include "engine/values/durations.h"
#include "fmt/format.h"

namespace perdure::engine {
namespace {

namespace enums = temporal::api::enums::v1;
using temporal::api::failure::v1::Failure;

constexpr absl::Duration kDefaultInitialInterval = absl::Seconds(1);
constexpr double kDefaultBackoffCoefficient = 2.0;
constexpr int kDefaultMaximumIntervalCoefficient = 100;

// A non-retryable type that names one of the server's own timeouts: "TemporalTimeout:StartToClose".
constexpr std::string_view kTimeoutPrefix = "TemporalTimeout:";

bool IsTimeoutType(std::string_view name) {
  for (std::string_view known :
       {"StartToClose", "ScheduleToStart", "ScheduleToClose", "Heartbeat", "TIMEOUT_TYPE_START_TO_CLOSE",
        "TIMEOUT_TYPE_SCHEDULE_TO_START", "TIMEOUT_TYPE_SCHEDULE_TO_CLOSE", "TIMEOUT_TYPE_HEARTBEAT"}) {
    if (name == known) return true;
  }
  return false;
}

bool NamesType(const RetryPolicy& policy, std::string_view type) {
  const auto& types = policy.non_retryable_error_types();
  return std::find(types.begin(), types.end(), type) != types.end();
}

// initial * coefficient ^ (attempt - 1), held within what nanoseconds in 64 bits can say.
absl::Duration Exponential(const RetryPolicy& policy, int32_t attempt) {
  const double initial = absl::ToDoubleNanoseconds(FromProto(policy.initial_interval()));
  const double interval = initial * std::pow(policy.backoff_coefficient(), attempt - 1);
  constexpr auto kMax = std::numeric_limits<int64_t>::max();
  if (!(interval > 0)) return absl::ZeroDuration();
  if (interval >= static_cast<double>(kMax)) return absl::Nanoseconds(kMax);
  return absl::Nanoseconds(static_cast<int64_t>(interval));
}

}  // namespace

void FillDefaults(RetryPolicy& policy) {
  if (FromProto(policy.initial_interval()) == absl::ZeroDuration()) {
    *policy.mutable_initial_interval() = ToProto(kDefaultInitialInterval);
  }
  if (FromProto(policy.maximum_interval()) == absl::ZeroDuration()) {
    *policy.mutable_maximum_interval() =
        ToProto(kDefaultMaximumIntervalCoefficient * FromProto(policy.initial_interval()));
  }
  if (policy.backoff_coefficient() == 0) policy.set_backoff_coefficient(kDefaultBackoffCoefficient);
}

std::optional<std::string> ValidateAndCap(RetryPolicy& policy) {
  if (policy.maximum_attempts() == 1) return std::nullopt;  // the rest has no effect
  if (auto wrong = ValidateAndCap(*policy.mutable_initial_interval())) {
    return fmt::format("invalid InitialInterval set on retry policy: {}", *wrong);
  }
  if (policy.backoff_coefficient() < 1) return "BackoffCoefficient cannot be less than 1 on retry policy.";
  if (auto wrong = ValidateAndCap(*policy.mutable_maximum_interval())) {
    return fmt::format("invalid MaximumInterval set on retry policy: {}", *wrong);
  }
  const absl::Duration maximum = FromProto(policy.maximum_interval());
  if (maximum > absl::ZeroDuration() && maximum < FromProto(policy.initial_interval())) {
    return "MaximumInterval cannot be less than InitialInterval on retry policy.";
  }
  if (policy.maximum_attempts() < 0) return "MaximumAttempts cannot be negative on retry policy.";
  for (std::string_view type : policy.non_retryable_error_types()) {
    if (!type.starts_with(kTimeoutPrefix)) continue;
    type.remove_prefix(kTimeoutPrefix.size());
    if (!IsTimeoutType(type)) return fmt::format("Invalid timeout type value: {}.", Shown(type));
  }
  return std::nullopt;
}

bool IsRetryable(const Failure& failure, const RetryPolicy& policy) {
  switch (failure.failure_info_case()) {
    case Failure::kTerminatedFailureInfo:
    case Failure::kCanceledFailureInfo:
      return false;
    case Failure::kTimeoutFailureInfo:
      switch (failure.timeout_failure_info().timeout_type()) {
        case enums::TIMEOUT_TYPE_START_TO_CLOSE:
          return !NamesType(policy, "TemporalTimeout:StartToClose");
        case enums::TIMEOUT_TYPE_HEARTBEAT:
          return !NamesType(policy, "TemporalTimeout:Heartbeat");
        default:
          return false;
      }
    case Failure::kServerFailureInfo:
      return !failure.server_failure_info().non_retryable();
    case Failure::kApplicationFailureInfo:
      return !failure.application_failure_info().non_retryable() &&
             !NamesType(policy, failure.application_failure_info().type());
    default:
      return true;
  }
}

std::optional<absl::Duration> NextRetryDelay(const Failure& failure) {
  if (!failure.application_failure_info().has_next_retry_delay()) return std::nullopt;
  return FromProto(failure.application_failure_info().next_retry_delay());
}

Backoff NextBackoff(const RetryPolicy& policy, const BackoffInput& input) {
  if (policy.maximum_attempts() > 0 && input.attempt >= policy.maximum_attempts()) {
    return {enums::RETRY_STATE_MAXIMUM_ATTEMPTS_REACHED, {}};
  }
  absl::Duration delay = input.requested_delay.value_or(Exponential(policy, input.attempt));
  const absl::Duration maximum = input.requested_delay.value_or(FromProto(policy.maximum_interval()));
  const bool overflowed = delay <= absl::ZeroDuration();
  if (maximum == absl::ZeroDuration() && overflowed) return {enums::RETRY_STATE_TIMEOUT, {}};
  if (maximum != absl::ZeroDuration() && (overflowed || delay > maximum)) delay = maximum;
  if (input.expires_at.has_value() && input.now + delay > *input.expires_at) {
    return {enums::RETRY_STATE_TIMEOUT, {}};
  }
  return {enums::RETRY_STATE_IN_PROGRESS, delay};
}

}  // namespace perdure::engine
