#include <algorithm>

#include "base/time.h"
#include "engine/activity/attempts.h"
#include "engine/activity/handle.h"
#include "engine/activity/jitter.h"
#include "engine/activity/names.h"

namespace perdure::engine::activity {
namespace {

// A pause does not shorten what the attempt waits for.
absl::Time TimeAfterPause(Step& step, const google::protobuf::Duration& jitter) {
  const State& state = step.state();
  const absl::Time time = NotBeforeStartDelay(state, step.now() + Jittered(jitter, step.context().random));
  return std::max(time, RetryTime(state.sections.attempt()).value_or(time));
}

}  // namespace

absl::StatusOr<Reply> Handle(Step& step, const Unpause& unpause) {
  const State& state = step.state();
  const std::string& request_id = unpause.request.request_id();
  if (!request_id.empty() && state.sections.control().unpause_request_id() == request_id) return Done{};
  if (!state.IsOpen()) {
    return FailedPrecondition("activity is in terminal state " + NameOf(state.status()));
  }
  if (state.status() == ActivityControl::PAUSED) {
    Offer(step, TimeAfterPause(step, unpause.request.jitter()));
  } else if (state.status() == ActivityControl::PAUSE_REQUESTED) {
    step.control().set_status(ActivityControl::STARTED);
  } else {
    return FailedPrecondition("activity is in non-unpausable state " + NameOf(state.status()));
  }
  step.control().set_unpause_request_id(request_id);
  return Done{};
}

}  // namespace perdure::engine::activity
