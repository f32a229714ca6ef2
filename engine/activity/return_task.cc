#include "base/time.h"
#include "engine/activity/attempts.h"
#include "engine/activity/close.h"
#include "engine/activity/handle.h"
#include "engine/activity/lookup.h"
#include "engine/values/payload.h"

namespace perdure::engine::activity {
namespace {

// As if no worker had had the attempt.
void UndoStart(Step& step) {
  ActivityAttempt& attempt = step.attempt();
  const bool was_first = !attempt.has_complete_time();
  attempt.clear_started_time();
  attempt.clear_poll_request_id();
  attempt.clear_worker_identity();
  if (was_first) attempt.clear_ever_started();
}

}  // namespace

// What clients asked for in the meantime comes about, as nobody will answer for the attempt.
absl::StatusOr<Reply> Handle(Step& step, const ReturnTask& request) {
  if (absl::Status found = CheckAttempt(step.state(), request.token); !found.ok()) return found;
  const ActivityControl::Status status = step.state().status();
  const absl::Time dispatch_time = FromProto(step.state().sections.attempt().dispatch_time());
  UndoStart(step);
  if (status == ActivityControl::CANCEL_REQUESTED) {
    CloseCanceled(step, JsonStringPayloads(step.state().sections.control().cancel().reason()));
  } else if (status == ActivityControl::PAUSE_REQUESTED) {
    step.control().set_status(ActivityControl::PAUSED);
  } else if (status == ActivityControl::RESET_REQUESTED) {
    EndAttempt(step, {});
  } else {
    Offer(step, dispatch_time);
  }
  return Done{};
}

}  // namespace perdure::engine::activity
