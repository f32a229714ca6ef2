#include "engine/activity/attempts.h"

#include <algorithm>
#include <utility>

#include "base/time.h"
#include "engine/activity/close.h"

namespace perdure::engine::activity {
namespace {

namespace enums = temporal::api::enums::v1;

// The delay that a failure asks for, when it asks for one at all.
std::optional<absl::Duration> RequestedDelay(const Failure& failure) {
  const std::optional<absl::Duration> delay = NextRetryDelay(failure);
  return delay.has_value() && *delay > absl::ZeroDuration() ? delay : std::nullopt;
}

void KeepFailure(Step& step, std::optional<Failure> failure) {
  step.attempt().mutable_complete_time()->CopyFrom(ToProto(step.now()));
  ActivityFailure& kept = step.failure();
  kept.clear_failure();
  if (failure.has_value()) *kept.mutable_failure() = *std::move(failure);
}

// A reset was asked for while the attempt ran: now it comes about.
void ResetAfterAttempt(Step& step, std::optional<Failure> failure) {
  const ActivityControl asked = step.state().sections.control();
  KeepFailure(step, failure.has_value() ? std::optional(CutForRetry(*std::move(failure))) : std::nullopt);
  if (asked.reset_restores_options()) RestoreOptions(step);
  if (asked.reset_clears_heartbeat()) ForgetHeartbeat(step);
  ActivityControl& control = step.control();
  control.clear_reset_keeps_paused();
  control.clear_reset_restores_options();
  control.clear_reset_clears_heartbeat();
  RewindAttempts(step);
  if (asked.reset_keeps_paused()) {
    control.set_status(ActivityControl::PAUSED);
    step.attempt().clear_dispatch_time();
    return;
  }
  Offer(step, NotBeforeStartDelay(step.state(), step.now()));
}

}  // namespace

absl::Time NotBeforeStartDelay(const State& state, absl::Time time) {
  return state.sections.attempt().ever_started() ? time : std::max(time, FirstDispatchTime(state));
}

std::optional<absl::Time> RetryTime(const ActivityAttempt& attempt) {
  if (!attempt.has_retry_interval() || !attempt.has_complete_time()) return std::nullopt;
  return FromProto(attempt.complete_time()) + FromProto(attempt.retry_interval());
}

void Offer(Step& step, absl::Time dispatch_time) {
  step.control().set_status(ActivityControl::SCHEDULED);
  ActivityAttempt& attempt = step.attempt();
  attempt.set_offer(attempt.offer() + 1);
  *attempt.mutable_dispatch_time() = ToProto(dispatch_time);
  attempt.clear_poll_request_id();
}

void RewindAttempts(Step& step) {
  ActivityAttempt& attempt = step.attempt();
  attempt.set_number(1);
  attempt.clear_retry_interval();
  attempt.clear_interval_by_worker();
  attempt.clear_poll_request_id();
}

void RestoreOptions(Step& step) {
  const ActivityOptions before = OptionsOf(step.state());
  ActivityOptions& options = step.options();
  options = step.state().created->options();
  // The delay has had its effect; another one would move the deadline of the whole.
  if (!step.state().sections.attempt().ever_started()) return;
  options.clear_start_delay();
  if (before.has_start_delay()) *options.mutable_start_delay() = before.start_delay();
}

void ForgetHeartbeat(Step& step) {
  if (!step.state().sections.has_heartbeat()) return;
  ActivityHeartbeatState& heartbeat = step.heartbeat();
  heartbeat.clear_details();
  heartbeat.clear_time();
}

void EndAttempt(Step& step, EndedAttempt ended) {
  const ActivityControl::Status status = step.state().status();
  if (status == ActivityControl::RESET_REQUESTED) return ResetAfterAttempt(step, std::move(ended.failure));
  if (ended.failure.has_value()) ended.failure = CutForRetry(*std::move(ended.failure));
  KeepFailure(step, std::move(ended.failure));
  ActivityAttempt& attempt = step.attempt();
  attempt.set_number(attempt.number() + 1);
  *attempt.mutable_retry_interval() = ToProto(ended.next - step.now());
  attempt.set_interval_by_worker(ended.interval_by_worker);
  attempt.clear_poll_request_id();
  if (status == ActivityControl::PAUSE_REQUESTED) {
    step.control().set_status(ActivityControl::PAUSED);
    return;
  }
  Offer(step, ended.next);
}

void FailAttempt(Step& step, FailedAttempt failed) {
  const Failure failure = failed.failure.value_or(Failure());
  const std::optional<absl::Duration> delay = RequestedDelay(failure);
  const RetryDecision decision = DecideRetry(ViewOf(step.state()), {failure, delay}, step.now());
  const bool begins_anew = step.state().status() == ActivityControl::RESET_REQUESTED;
  const bool retried = begins_anew || decision.state == enums::RETRY_STATE_IN_PROGRESS;
  step.Say(ActivityAttemptFailed{retried});
  if (retried) {
    EndAttempt(step, {std::move(failed.failure), decision.next, delay.has_value()});
    return;
  }
  // Whoever waits for the outcome must see that there is one.
  if (!failed.failure.has_value()) {
    failed.failure.emplace().set_message("activity task failed without failure details");
  }
  step.attempt().set_worker_identity(failed.identity);
  KeepFailure(step, failed.failure);
  ActivityExecutionOutcome outcome;
  *outcome.mutable_failure() = *std::move(failed.failure);
  outcome.set_retry_state(decision.state);
  Close(step, ActivityControl::FAILED, std::move(outcome));
}

}  // namespace perdure::engine::activity
