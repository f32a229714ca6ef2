#include <optional>
#include <utility>

#include "base/time.h"
#include "engine/activity/attempts.h"
#include "engine/activity/close.h"
#include "engine/activity/handle.h"

namespace perdure::engine::activity {
namespace {

namespace enums = temporal::api::enums::v1;

// Unlike in a workflow's history nobody else could be the source of a timeout.
Failure WithoutSource(Failure failure) {
  failure.clear_source();
  return failure;
}

void CloseTimedOut(Step& step, Failure failure, enums::RetryState retry_state) {
  ActivityExecutionOutcome outcome;
  *outcome.mutable_failure() = std::move(failure);
  outcome.set_retry_state(retry_state);
  Close(step, ActivityControl::TIMED_OUT, std::move(outcome));
}

// The whole activity, or its wait for a worker, took too long.
void TimeOutActivity(Step& step, enums::TimeoutType type) {
  const ActivityView view = ViewOf(step.state());
  Failure failure = WithoutSource(AttemptTimeoutFailure(type));
  TellWhatCameBefore(view, failure);
  step.Say(ActivityTimedOut{type, false});
  const bool canceled = type == enums::TIMEOUT_TYPE_SCHEDULE_TO_CLOSE && view.cancel_requested;
  CloseTimedOut(step, std::move(failure),
                canceled ? enums::RETRY_STATE_CANCEL_REQUESTED : enums::RETRY_STATE_TIMEOUT);
}

void TimeOutAttempt(Step& step, enums::TimeoutType type) {
  const ActivityView view = ViewOf(step.state());
  Failure failure = WithoutSource(AttemptTimeoutFailure(type));
  const RetryDecision decision = DecideRetry(view, {failure, std::nullopt}, step.now());
  const bool begins_anew = step.state().status() == ActivityControl::RESET_REQUESTED;
  const bool retried = begins_anew || decision.state == enums::RETRY_STATE_IN_PROGRESS;
  step.Say(ActivityTimedOut{type, retried});
  if (retried) {
    EndAttempt(step, {std::move(failure), decision.next});
    return;
  }
  // No time for another attempt: clients are told of the deadline that forbids it, not of the one that
  // passed.
  Failure told =
      decision.state == enums::RETRY_STATE_TIMEOUT ? WithoutSource(NoTimeForRetryFailure()) : failure;
  TellWhatCameBefore(view, told);
  TellWhatCameBefore(view, failure);
  *step.attempt().mutable_complete_time() = ToProto(step.now());
  step.attempt().clear_retry_interval();
  *step.failure().mutable_failure() = std::move(failure);
  CloseTimedOut(step, std::move(told), decision.state);
}

}  // namespace

absl::StatusOr<Reply> Handle(Step& step, const FireTimers&) {
  while (step.state().IsOpen()) {
    const std::optional<ActivityTimeout> first = FirstTimeout(ViewOf(step.state()));
    if (!first.has_value() || first->at > step.now()) break;
    switch (first->type) {
      case enums::TIMEOUT_TYPE_START_TO_CLOSE:
      case enums::TIMEOUT_TYPE_HEARTBEAT:
        TimeOutAttempt(step, first->type);
        break;
      default:
        TimeOutActivity(step, first->type);
        break;
    }
  }
  return Done{};
}

}  // namespace perdure::engine::activity
