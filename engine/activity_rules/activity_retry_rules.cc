#include "base/limits.h"
#include "engine/activity_rules/activity_rules.h"

namespace perdure::engine {
namespace {

namespace enums = temporal::api::enums::v1;

std::optional<absl::Time> ExpiresAt(const ActivityView& activity) {
  if (activity.timeouts.schedule_to_close <= absl::ZeroDuration()) return std::nullopt;
  return activity.begins + activity.timeouts.schedule_to_close;
}

// Deadlines of the whole activity, not failures of an attempt.
bool EndsTheActivity(const Failure& failure) {
  if (!failure.has_timeout_failure_info()) return false;
  const auto type = failure.timeout_failure_info().timeout_type();
  return type == enums::TIMEOUT_TYPE_SCHEDULE_TO_START || type == enums::TIMEOUT_TYPE_SCHEDULE_TO_CLOSE;
}

}  // namespace

RetryDecision DecideRetry(const ActivityView& activity, const EndedAttemptFailure& ended, absl::Time now) {
  if (activity.cancel_requested) return {enums::RETRY_STATE_CANCEL_REQUESTED, {}};
  if (EndsTheActivity(ended.failure)) return {enums::RETRY_STATE_TIMEOUT, {}};
  const RetryPolicy& policy = *activity.retry_policy;
  if (!IsRetryable(ended.failure, policy)) return {enums::RETRY_STATE_NON_RETRYABLE_FAILURE, {}};
  const Backoff backoff = NextBackoff(policy, {.attempt = activity.attempt,
                                               .now = now,
                                               .expires_at = ExpiresAt(activity),
                                               .requested_delay = ended.requested_delay});
  return {backoff.state, now + backoff.delay};
}

Failure CutForRetry(Failure failure) {
  if (failure.ByteSizeLong() <= limits::kRetriedFailureSize) return failure;
  Failure cut = ServerFailure("Failure exceeds size limit.", /*non_retryable=*/false);
  *cut.mutable_cause() = Truncate(failure, limits::kRetriedFailureSize);
  return cut;
}

}  // namespace perdure::engine
