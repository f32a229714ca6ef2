#include <fmt/format.h>

#include "base/limits.h"
#include "base/status.h"
#include "server/frontend/handlers/handlers.h"

namespace perdure::server {

void ShutdownWorker(Frontend& frontend, CallPtr call, NamespacePtr name_space,
                    api::ShutdownWorkerRequest request) {
  if (request.worker_heartbeat().ByteSizeLong() > limits::kWorkerHeartbeatSize) {
    return call->Fail(InvalidArgument(
        fmt::format("WorkerHeartbeat exceeds the limit of {} bytes.", limits::kWorkerHeartbeatSize)));
  }
  if (!request.sticky_task_queue().empty()) {
    frontend.matching.ForgetStickyQueue({.namespace_id = name_space->id,
                                         .kind = engine::TaskKind::kWorkflow,
                                         .name = std::move(*request.mutable_sticky_task_queue())});
  }
  if (request.has_worker_heartbeat()) {
    frontend.workers.Record(name_space->id, std::move(*request.mutable_worker_heartbeat()),
                            frontend.executor.Now());
  }
  call->Reply(api::ShutdownWorkerResponse());
}

}  // namespace perdure::server
