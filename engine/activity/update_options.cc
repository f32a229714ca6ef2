#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "base/time.h"
#include "engine/activity/attempts.h"
#include "engine/activity/handle.h"
#include "engine/activity/names.h"
#include "engine/activity/options_paths.h"
#include "engine/activity_rules/activity_options.h"
#include "engine/values/durations.h"

namespace perdure::engine::activity {
namespace {

using UpdateRequest = api::UpdateActivityExecutionOptionsRequest;

OptionsReply ReplyOf(const State& state) {
  OptionsReply reply;
  *reply.response.mutable_activity_options() = OptionsOf(state);
  return reply;
}

bool MayUpdate(ActivityControl::Status status) {
  return status == ActivityControl::SCHEDULED || status == ActivityControl::STARTED ||
         status == ActivityControl::PAUSED || status == ActivityControl::PAUSE_REQUESTED;
}

// Only a delay that still runs can be changed.
absl::Status CheckStartDelay(const Step& step, const UpdateRequest& request) {
  if (!HasPath(request.update_mask(), "start_delay")) return absl::OkStatus();
  google::protobuf::Duration delay = request.activity_options().start_delay();
  if (const auto wrong = ValidateAndCap(delay)) {
    return InvalidArgument(absl::StrCat("invalid StartDelay: ", std::string(*wrong)));
  }
  const State& state = step.state();
  const bool delayed = FirstDispatchTime(state) > step.now();
  const bool paused_before_it =
      state.status() == ActivityControl::PAUSED && !state.sections.attempt().ever_started();
  if (delayed || paused_before_it) return absl::OkStatus();
  return FailedPrecondition(
      "cannot update start_delay: the first activity attempt has already been dispatched");
}

// The options as the mask changes them, or what is wrong with them.
absl::StatusOr<ActivityOptions> Merged(const State& state, const UpdateRequest& request) {
  ActivityOptions options = OptionsOf(state);
  if (auto missing = CopyOptions(request.update_mask(), request.activity_options(), options)) {
    return InvalidArgument(*missing);
  }
  if (HasPathWithin(request.update_mask(), "retry_policy")) {
    if (auto wrong = ValidateAndCap(*options.mutable_retry_policy())) return InvalidArgument(*wrong);
  }
  const ActivityNames names{state.created->activity_id(), state.created->activity_type()};
  if (auto wrong = CompleteTimeouts(names, options)) return InvalidArgument(*wrong);
  return options;
}

// The interval before the next attempt follows from the policy, unless a worker asked for it.
void RecountInterval(Step& step) {
  const ActivityAttempt& attempt = step.state().sections.attempt();
  if (step.state().AttemptRuns() || !attempt.has_retry_interval() || attempt.interval_by_worker()) return;
  RetryPolicy policy = OptionsOf(step.state()).retry_policy();
  policy.clear_maximum_attempts();  // that there is another attempt is decided
  const Backoff backoff = NextBackoff(policy, {.attempt = attempt.number() - 1, .now = step.now()});
  *step.attempt().mutable_retry_interval() = ToProto(backoff.delay);
}

}  // namespace

absl::StatusOr<Reply> Handle(Step& step, const UpdateOptions& update) {
  const State& state = step.state();
  const UpdateRequest& request = update.request;
  const std::string& request_id = request.request_id();
  if (!request_id.empty() && state.sections.control().options_request_id() == request_id)
    return ReplyOf(state);
  if (!MayUpdate(state.status())) {
    return FailedPrecondition("Cannot update options for activity in state " + NameOf(state.status()));
  }
  if (absl::Status delay = CheckStartDelay(step, request); !delay.ok()) return delay;
  bool policy_changed = request.restore_original();
  if (request.restore_original()) {
    RestoreOptions(step);
  } else {
    absl::StatusOr<ActivityOptions> merged = Merged(state, request);
    if (!merged.ok()) return merged.status();
    policy_changed = HasPathWithin(request.update_mask(), "retry_policy");
    step.options() = *std::move(merged);
  }
  if (policy_changed) RecountInterval(step);
  if (state.status() == ActivityControl::SCHEDULED) {
    const ActivityAttempt& attempt = step.state().sections.attempt();
    Offer(step, RetryTime(attempt).value_or(NotBeforeStartDelay(step.state(), step.now())));
  }
  step.control().set_options_request_id(request_id);
  return ReplyOf(step.state());
}

}  // namespace perdure::engine::activity
