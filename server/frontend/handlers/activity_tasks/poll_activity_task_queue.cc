#include <cmath>

#include "base/status.h"
#include "server/frontend/handlers/handlers.h"
#include "server/frontend/long_poll.h"
#include "server/frontend/partitions.h"
#include "server/frontend/poll.h"
#include "server/frontend/tasks.h"
#include "server/frontend/validate.h"

namespace perdure::server {
namespace {

absl::Status Validate(api::PollActivityTaskQueueRequest& request) {
  auto* queue = request.has_task_queue() ? request.mutable_task_queue() : nullptr;
  absl::Status valid = NormalizeTaskQueue(queue);
  if (valid.ok()) valid = ValidateIdentity(request.identity());
  if (!valid.ok()) return valid;
  valid = ValidateWorkerVersion(
      {.build_id = request.worker_version_capabilities().build_id(),
       .use_versioning = request.worker_version_capabilities().use_versioning(),
       .deployment = request.has_deployment_options() ? &request.deployment_options() : nullptr,
       .queue = queue});
  if (!valid.ok()) return valid;
  // The real server takes these too: NaN as no limit, a negative one as zero.
  const double rate = request.task_queue_metadata().max_tasks_per_second().value();
  if (std::isnan(rate) || rate < 0) {
    return InvalidArgument("max_tasks_per_second must be a number of tasks, zero or more");
  }
  return PartitionOf(*queue, temporal::api::enums::v1::TASK_QUEUE_TYPE_ACTIVITY).status();
}

}  // namespace

void PollActivityTaskQueue(Frontend& frontend, CallPtr call, NamespacePtr name_space,
                           api::PollActivityTaskQueueRequest request) {
  const auto wait = PollWait(call->TimeLeft());
  if (!wait.ok()) return call->Fail(wait.status());
  const absl::Status valid = Validate(request);
  if (!valid.ok()) return call->Fail(valid);
  StartPoll(frontend, std::move(call),
            {.namespace_id = name_space->id, .poll = ActivityPoll{std::move(request)}, .wait = *wait},
            [&frontend](CallPtr call, PolledTask polled) {
              auto* task = std::get_if<engine::workflow::ActivityTaskReply>(&polled.task);
              if (task == nullptr) return call->Reply(api::PollActivityTaskQueueResponse());
              ReturnIfClientIsGone(*call, frontend, task->token);
              const auto response = ActivityTaskResponse(frontend.tokens, std::move(*task));
              if (response.attempt() > 1) call->NoteAction("activity_retry");
              call->Reply(response);
            });
}

}  // namespace perdure::server
