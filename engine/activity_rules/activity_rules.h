// What holds for every activity, of a workflow or on its own: which timeouts apply and when, whether an
// attempt that ended is followed by another one, and what is kept and told of failures.
//
// Pure functions on a view of the activity, which its owner makes of its own state; safe anywhere. A view
// points into that state and lives no longer than it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "absl/time/time.h"
#include "engine/values/failures.h"
#include "engine/values/retry_policy.h"
#include "temporal/api/common/v1/message.pb.h"
#include "temporal/api/enums/v1/workflow.pb.h"
#include "temporal/api/failure/v1/message.pb.h"

namespace perdure::engine {

// Zero: there is none.
struct ActivityTimeouts {
  absl::Duration schedule_to_close;
  absl::Duration schedule_to_start;
  absl::Duration start_to_close;
  absl::Duration heartbeat;
};

struct ActivityView {
  ActivityTimeouts timeouts;
  const RetryPolicy* retry_policy = nullptr;  // never null
  // From here schedule-to-close counts: the first attempt's time to be handed out.
  absl::Time begins;
  // This attempt's time to be handed out; from here schedule-to-start counts.
  absl::Time dispatch_time;
  std::optional<absl::Time> started_time;  // nullopt: the attempt waits for a worker
  std::optional<absl::Time> last_heartbeat_time;
  int32_t attempt = 1;
  bool cancel_requested = false;
  // Null: none.
  const temporal::api::common::v1::Payloads* heartbeat_details = nullptr;
  const Failure* last_failure = nullptr;  // of the attempt before
};

// ---- timeouts

// Calls `visit(type, at)` for each timeout that applies to the activity as it is now.
template <typename Visit>
void VisitTimeouts(const ActivityView& activity, Visit visit) {
  namespace enums = temporal::api::enums::v1;
  const auto from = [&visit](enums::TimeoutType type, absl::Time begin, absl::Duration timeout) {
    if (timeout > absl::ZeroDuration()) visit(type, begin + timeout);
  };
  const ActivityTimeouts& timeouts = activity.timeouts;
  from(enums::TIMEOUT_TYPE_SCHEDULE_TO_CLOSE, activity.begins, timeouts.schedule_to_close);
  if (!activity.started_time.has_value()) {
    from(enums::TIMEOUT_TYPE_SCHEDULE_TO_START, activity.dispatch_time, timeouts.schedule_to_start);
    return;
  }
  const absl::Time started = *activity.started_time;
  from(enums::TIMEOUT_TYPE_START_TO_CLOSE, started, timeouts.start_to_close);
  from(enums::TIMEOUT_TYPE_HEARTBEAT, std::max(started, activity.last_heartbeat_time.value_or(started)),
       timeouts.heartbeat);
}

// Among timeouts of one moment the smaller goes first.
int TimeoutOrder(const ActivityView& activity, temporal::api::enums::v1::TimeoutType type);

struct ActivityTimeout {
  temporal::api::enums::v1::TimeoutType type;
  absl::Time at;
};
// The one that comes first; nullopt when none applies.
std::optional<ActivityTimeout> FirstTimeout(const ActivityView& activity);

// Of an attempt that timed out, as it is kept while the activity is retried.
Failure AttemptTimeoutFailure(temporal::api::enums::v1::TimeoutType type);
// Puts into a timeout's failure what the last worker reported, and as its cause the failure of the attempt
// before.
void TellWhatCameBefore(const ActivityView& activity, Failure& failure);
// Of an activity that ends because there is no time for another attempt.
Failure NoTimeForRetryFailure();

// ---- retries

// RETRY_STATE_IN_PROGRESS when another attempt follows; then `next` is when. A worker that gave no failure:
// an empty one.
struct RetryDecision {
  temporal::api::enums::v1::RetryState state;
  absl::Time next;
};
struct EndedAttemptFailure {
  const Failure& failure;
  // Replaces the policy's interval: NextRetryDelay of the failure.
  std::optional<absl::Duration> requested_delay;
};
RetryDecision DecideRetry(const ActivityView& activity, const EndedAttemptFailure& ended, absl::Time now);

// State keeps the failure of an attempt for as long as the activity is retried, so it is kept small.
Failure CutForRetry(Failure failure);

}  // namespace perdure::engine
