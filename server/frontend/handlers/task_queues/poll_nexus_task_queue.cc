#include "server/frontend/handlers/handlers.h"
#include "server/frontend/long_poll.h"
#include "server/frontend/partitions.h"
#include "server/frontend/poll.h"
#include "server/frontend/validate.h"
#include "server/workers/worker_heartbeats.h"

namespace perdure::server {
namespace {

absl::Status ValidateWorker(const api::PollNexusTaskQueueRequest& request) {
  // Unlike the other polls, this one may come from a worker of the older versioning.
  return ValidateWorkerVersion(
      {.build_id = request.worker_version_capabilities().build_id(),
       .use_versioning = false,
       .deployment = request.has_deployment_options() ? &request.deployment_options() : nullptr,
       .queue = &request.task_queue()});
}

}  // namespace

// Workers of today's SDKs poll for Nexus tasks by themselves. There are none yet, so each poll waits to its
// end. They bring the heartbeats of their process.
void PollNexusTaskQueue(Frontend& frontend, CallPtr call, NamespacePtr name_space,
                        api::PollNexusTaskQueueRequest request) {
  const auto wait = PollWait(call->TimeLeft());
  if (!wait.ok()) return call->Fail(wait.status());
  absl::Status valid = NormalizeTaskQueue(request.has_task_queue() ? request.mutable_task_queue() : nullptr);
  if (valid.ok()) valid = ValidateIdentity(request.identity());
  if (valid.ok()) {
    valid = PartitionOf(request.task_queue(), temporal::api::enums::v1::TASK_QUEUE_TYPE_NEXUS).status();
  }
  if (!valid.ok()) return call->Fail(valid);
  valid = TakeHeartbeats(frontend.workers, name_space->id, *request.mutable_worker_heartbeat(),
                         frontend.executor.Now());
  if (valid.ok()) valid = ValidateWorker(request);
  if (!valid.ok()) return call->Fail(valid);
  NexusPoll poll{.task_queue = std::move(*request.mutable_task_queue()->mutable_name()),
                 .identity = std::move(*request.mutable_identity())};
  StartPoll(frontend, std::move(call),
            {.namespace_id = name_space->id, .poll = std::move(poll), .wait = *wait},
            [](const CallPtr& call, const PolledTask&) { call->Reply(api::PollNexusTaskQueueResponse()); });
}

}  // namespace perdure::server
