#include "engine/activity/handle.h"
#include "engine/activity/names.h"

namespace perdure::engine::activity {

absl::StatusOr<Reply> Handle(Step& step, const Pause& pause) {
  const State& state = step.state();
  const std::string& request_id = pause.request.request_id();
  // Also after an unpause: a late repetition must not pause the activity again.
  if (!request_id.empty() && state.sections.control().pause_request_id() == request_id) return Done{};
  const bool waits = state.status() == ActivityControl::SCHEDULED;
  if (!waits && state.status() != ActivityControl::STARTED) {
    return FailedPrecondition("activity is in non-pausable state " + NameOf(state.status()));
  }
  step.control().set_pause_request_id(request_id);
  step.control().set_status(waits ? ActivityControl::PAUSED : ActivityControl::PAUSE_REQUESTED);
  return Done{};
}

}  // namespace perdure::engine::activity
