#include "base/limits.h"
#include "base/time.h"
#include "engine/values/retry_policy.h"
#include "engine/workflow/activity.h"

namespace perdure::engine::workflow {
namespace {

namespace enums = temporal::api::enums::v1;

std::optional<absl::Time> ExpiresAt(const Activity& activity) {
  const absl::Duration schedule_to_close = FromProto(Options(activity).schedule_to_close_timeout());
  if (schedule_to_close <= absl::ZeroDuration()) return std::nullopt;
  return FromProto(activity.scheduled->event_time()) + schedule_to_close;
}

// Deadlines of the whole activity, not failures of an attempt.
bool EndsTheActivity(const Failure& failure) {
  if (!failure.has_timeout_failure_info()) return false;
  const auto type = failure.timeout_failure_info().timeout_type();
  return type == enums::TIMEOUT_TYPE_SCHEDULE_TO_START || type == enums::TIMEOUT_TYPE_SCHEDULE_TO_CLOSE;
}

// State keeps the failure for every pending activity, so it is kept small.
Failure CutForRetry(Failure failure) {
  if (failure.ByteSizeLong() <= limits::kRetriedFailureSize) return failure;
  Failure cut = ServerFailure("Failure exceeds size limit.", /*non_retryable=*/false);
  *cut.mutable_cause() = Truncate(failure, limits::kRetriedFailureSize);
  return cut;
}

}  // namespace

RetryDecision DecideRetry(const Activity& activity, const Failure& failure, absl::Time now) {
  if (activity.cancel_requested_event_id != 0) return {enums::RETRY_STATE_CANCEL_REQUESTED, {}};
  if (EndsTheActivity(failure)) return {enums::RETRY_STATE_TIMEOUT, {}};
  const RetryPolicy& policy = Options(activity).retry_policy();
  if (!IsRetryable(failure, policy)) return {enums::RETRY_STATE_NON_RETRYABLE_FAILURE, {}};
  const Backoff backoff = NextBackoff(policy, {.attempt = activity.attempt,
                                               .now = now,
                                               .expires_at = ExpiresAt(activity),
                                               .requested_delay = NextRetryDelay(failure)});
  return {backoff.state, now + backoff.delay};
}

void RetryActivity(Transition& transition, int64_t scheduled_event_id, EndedAttempt ended) {
  const Activity* activity = FindActivity(transition.state(), scheduled_event_id);
  perdure::engine::Change change;
  auto* retry = change.mutable_activity_retry();
  retry->set_scheduled_event_id(scheduled_event_id);
  retry->set_attempt(activity->attempt + 1);
  *retry->mutable_scheduled_time() = ToProto(ended.next);
  if (ended.failure.has_value()) *retry->mutable_last_failure() = CutForRetry(*std::move(ended.failure));
  retry->set_by_worker(ended.by_worker);
  if (ended.last_heartbeat_details != nullptr) {
    *retry->mutable_last_heartbeat_details() = *ended.last_heartbeat_details;
  }
  transition.Change(std::move(change));
}

}  // namespace perdure::engine::workflow
