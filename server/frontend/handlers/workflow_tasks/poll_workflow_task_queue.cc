#include "server/frontend/handlers/handlers.h"
#include "server/frontend/long_poll.h"
#include "server/frontend/namespaces.h"
#include "server/frontend/partitions.h"
#include "server/frontend/poll.h"
#include "server/frontend/tasks.h"
#include "server/frontend/validate.h"

namespace perdure::server {
namespace {

absl::Status Validate(const Namespace& name_space, api::PollWorkflowTaskQueueRequest& request) {
  absl::Status valid = ValidateIdentity(request.identity());
  if (!valid.ok()) return valid;
  auto* queue = request.has_task_queue() ? request.mutable_task_queue() : nullptr;
  valid = ValidateWorkerVersion(
      {.build_id = request.worker_version_capabilities().build_id(),
       .use_versioning = request.worker_version_capabilities().use_versioning(),
       .deployment = request.has_deployment_options() ? &request.deployment_options() : nullptr,
       .queue = queue});
  if (!valid.ok()) return valid;
  valid = NormalizeTaskQueue(queue);
  if (!valid.ok()) return valid;
  valid = CheckBinary(name_space, request.binary_checksum());
  if (!valid.ok()) return valid;
  return PartitionOf(*queue, temporal::api::enums::v1::TASK_QUEUE_TYPE_WORKFLOW).status();
}

}  // namespace

void PollWorkflowTaskQueue(Frontend& frontend, CallPtr call, NamespacePtr name_space,
                           api::PollWorkflowTaskQueueRequest request) {
  const auto wait = PollWait(call->TimeLeft());
  if (!wait.ok()) return call->Fail(wait.status());
  const absl::Status valid = Validate(*name_space, request);
  if (!valid.ok()) return call->Fail(valid);
  StartPoll(frontend, std::move(call),
            {.namespace_id = name_space->id, .poll = WorkflowPoll{std::move(request)}, .wait = *wait},
            [&tokens = frontend.tokens](CallPtr call, PolledTask polled) {
              if (auto* query = std::get_if<PolledQuery>(&polled.task)) {
                return call->Reply(QueryTaskBytes(tokens, std::move(*query)));
              }
              auto* task = std::get_if<engine::workflow::WorkflowTaskReply>(&polled.task);
              if (task == nullptr) return call->Reply(api::PollWorkflowTaskQueueResponse());
              call->Reply(WorkflowTaskBytes(tokens, std::move(*task)));
            });
}

}  // namespace perdure::server
