#include "base/limits.h"
#include "engine/workflow/activities/activity.h"
#include "engine/workflow/handle.h"

namespace perdure::engine::workflow {

absl::StatusOr<Reply> Handle(Transition& transition, const FailActivity& request) {
  const absl::StatusOr<int64_t> id = LookUpActivity(transition.state(), request.token, LookupMode::kStarted);
  if (!id.ok()) return id.status();
  const auto& failed = request.request;
  ActivityFailedReply reply;
  const auto* heartbeat_details =
      failed.has_last_heartbeat_details() ? &failed.last_heartbeat_details() : nullptr;
  if (heartbeat_details != nullptr && heartbeat_details->ByteSizeLong() > limits::kBlobSize) {
    heartbeat_details = nullptr;
    *reply.response.add_failures() =
        ServerFailure("Heartbeat details exceed size limit.", /*non_retryable=*/true);
  }
  std::optional<Failure> failure;
  if (failed.has_failure()) failure = failed.failure();
  if (failure.has_value() && CutToLimit(*failure)) *reply.response.add_failures() = *failure;
  FailAttempt(transition, *id,
              {.failure = std::move(failure),
               .identity = failed.identity(),
               .last_heartbeat_details = heartbeat_details,
               .worker_version = failed.has_worker_version() ? &failed.worker_version() : nullptr});
  return reply;
}

}  // namespace perdure::engine::workflow
