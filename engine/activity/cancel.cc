#include "base/limits.h"
#include "base/status.h"
#include "engine/activity/attempts.h"
#include "engine/activity/close.h"
#include "engine/activity/handle.h"
#include "engine/activity/lookup.h"

namespace perdure::engine::activity {

absl::StatusOr<Reply> Handle(Step& step, const Cancel& request) {
  if (absl::Status found = CheckAttempt(step.state(), request.token); !found.ok()) return found;
  const api::RespondActivityTaskCanceledRequest& canceled = request.request;
  if (canceled.details().ByteSizeLong() > limits::kBlobSize) {
    FailAttempt(step, {.failure = ServerFailure("Cancel details exceed size limit.", /*non_retryable=*/true),
                       .identity = canceled.identity()});
    return Done{};
  }
  if (step.state().status() != ActivityControl::CANCEL_REQUESTED) {
    return InvalidArgument(
        "unable to mark activity as canceled without activity being request canceled first");
  }
  CloseCanceled(step, canceled.has_details() ? std::optional(canceled.details()) : std::nullopt);
  return Done{};
}

}  // namespace perdure::engine::activity
