#include "base/limits.h"
#include "base/time.h"
#include "engine/activity/attempts.h"
#include "engine/activity/close.h"
#include "engine/activity/handle.h"
#include "engine/activity/lookup.h"
#include "engine/activity/names.h"

namespace perdure::engine::activity {

absl::StatusOr<Reply> Handle(Step& step, const Complete& request) {
  const State& state = step.state();
  const api::RespondActivityTaskCompletedRequest& completed = request.request;
  const bool too_large = completed.result().ByteSizeLong() > limits::kBlobSize;
  // Completing by id needs no attempt that runs; an oversized result fails the activity, and failing needs
  // one.
  if (too_large || !IsById(request.token)) {
    if (absl::Status found = CheckAttempt(state, request.token); !found.ok()) return found;
  }
  if (!state.IsOpen()) return FailedPrecondition("invalid transition from " + NameOf(state.status()));
  if (too_large) {
    FailAttempt(step,
                {.failure = ServerFailure("Complete result exceeds size limit.", /*non_retryable=*/true),
                 .identity = completed.identity()});
    return Done{};
  }
  const bool ran = state.AttemptRuns();
  ActivityAttempt& attempt = step.attempt();
  if (!ran) *attempt.mutable_started_time() = ToProto(step.now());
  attempt.set_ever_started(true);
  *attempt.mutable_complete_time() = ToProto(step.now());
  attempt.set_worker_identity(completed.identity());
  ActivityExecutionOutcome outcome;
  *outcome.mutable_result() = completed.result();
  step.Say(ActivityCompleted{});
  Close(step, ActivityControl::COMPLETED, std::move(outcome));
  return Done{};
}

}  // namespace perdure::engine::activity
