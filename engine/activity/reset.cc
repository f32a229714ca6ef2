#include "engine/activity/attempts.h"
#include "engine/activity/handle.h"
#include "engine/activity/jitter.h"
#include "engine/activity/names.h"

namespace perdure::engine::activity {
namespace {

using ResetRequest = api::ResetActivityExecutionRequest;

// Nobody has the activity: it begins anew at once.
void ResetWaiting(Step& step, const ResetRequest& request) {
  const bool stays_paused = request.keep_paused() && step.state().status() == ActivityControl::PAUSED;
  if (request.restore_original_options()) RestoreOptions(step);
  if (request.reset_heartbeat()) ForgetHeartbeat(step);
  RewindAttempts(step);
  if (stays_paused) {
    step.attempt().clear_dispatch_time();
    return;
  }
  Offer(step,
        NotBeforeStartDelay(step.state(), step.now() + Jittered(request.jitter(), step.context().random)));
}

// A worker has it: the attempt is left alone, and what follows it begins anew.
void ResetRunning(Step& step, const ResetRequest& request) {
  const bool pause_wanted = step.state().status() == ActivityControl::PAUSE_REQUESTED;
  ActivityControl& control = step.control();
  control.set_reset_restores_options(request.restore_original_options());
  control.set_reset_clears_heartbeat(request.reset_heartbeat());
  control.set_reset_keeps_paused(request.keep_paused() && pause_wanted);
  control.set_status(ActivityControl::RESET_REQUESTED);
}

}  // namespace

absl::StatusOr<Reply> Handle(Step& step, const Reset& reset) {
  const State& state = step.state();
  const ResetRequest& request = reset.request;
  const std::string& request_id = request.request_id();
  if (!request_id.empty() && state.sections.control().reset_request_id() == request_id) return Done{};
  switch (state.status()) {
    case ActivityControl::SCHEDULED:
    case ActivityControl::PAUSED:
      ResetWaiting(step, request);
      break;
    case ActivityControl::STARTED:
    case ActivityControl::PAUSE_REQUESTED:
      ResetRunning(step, request);
      break;
    case ActivityControl::CANCEL_REQUESTED:
      return FailedPrecondition("cannot reset an activity with a pending cancellation");
    case ActivityControl::RESET_REQUESTED:
      return FailedPrecondition("cannot reset an activity with a pending reset");
    default:
      return FailedPrecondition("activity execution is not running");
  }
  step.control().set_reset_request_id(request_id);
  return Done{};
}

}  // namespace perdure::engine::activity
