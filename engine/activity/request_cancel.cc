#include "absl/strings/str_cat.h"
#include "engine/activity/close.h"
#include "engine/activity/handle.h"
#include "engine/activity/names.h"
#include "engine/values/payload.h"

namespace perdure::engine::activity {

absl::StatusOr<Reply> Handle(Step& step, const RequestCancel& cancel) {
  const State& state = step.state();
  const api::RequestCancelActivityExecutionRequest& request = cancel.request;
  const ActivityControl::Cancel& before = state.sections.control().cancel();
  if (!request.request_id().empty() && before.request_id() == request.request_id()) return Done{};
  if (!state.IsOpen()) {
    return FailedPrecondition("activity is in terminal state " + NameOf(state.status()));
  }
  if (state.status() == ActivityControl::CANCEL_REQUESTED) {
    return FailedPrecondition(
        absl::StrCat("cancellation already requested with request ID ", before.request_id()));
  }
  const bool runs = state.AttemptRuns();
  ActivityControl& control = step.control();
  control.mutable_cancel()->set_request_id(request.request_id());
  control.mutable_cancel()->set_identity(request.identity());
  control.mutable_cancel()->set_reason(request.reason());
  // A cancellation goes before a reset that waits.
  control.clear_reset_keeps_paused();
  control.clear_reset_restores_options();
  control.clear_reset_clears_heartbeat();
  control.set_status(ActivityControl::CANCEL_REQUESTED);
  // Nobody has the activity, so nobody will answer: the server does.
  if (!runs) CloseCanceled(step, JsonStringPayloads(request.reason()));
  return Done{};
}

}  // namespace perdure::engine::activity
