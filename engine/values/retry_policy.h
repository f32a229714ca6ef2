// Retry policies of activities and workflows.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "temporal/api/common/v1/message.pb.h"
#include "temporal/api/enums/v1/workflow.pb.h"
#include "temporal/api/failure/v1/message.pb.h"

namespace perdure::engine {

using temporal::api::common::v1::RetryPolicy;

// Fills what is not set: 1 s, then twice as long each time up to 100 times the first, without end.
void FillDefaults(RetryPolicy& policy);

// What is wrong with a policy, as the client is told, or nullopt. Caps intervals (durations.h).
std::optional<std::string> ValidateAndCap(RetryPolicy& policy);

// Whether `failure` permits another attempt under the policy's non-retryable types.
bool IsRetryable(const temporal::api::failure::v1::Failure& failure, const RetryPolicy& policy);

// The delay that an application failure asks for, itself only (not a cause's).
std::optional<absl::Duration> NextRetryDelay(const temporal::api::failure::v1::Failure& failure);

// RETRY_STATE_IN_PROGRESS when attempt `attempt` is followed by another one `delay` later.
struct Backoff {
  temporal::api::enums::v1::RetryState state;
  absl::Duration delay;
};
struct BackoffInput {
  int32_t attempt = 1;
  absl::Time now;
  std::optional<absl::Time> expires_at = {};           // no attempt begins later
  std::optional<absl::Duration> requested_delay = {};  // replaces the policy's interval and its maximum
};
Backoff NextBackoff(const RetryPolicy& policy, const BackoffInput& input);

}  // namespace perdure::engine
