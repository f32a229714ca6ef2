#include "server/frontend/handlers/handlers.h"
#include "server/workers/worker_heartbeats.h"

namespace perdure::server {

void ShutdownWorker(Frontend& frontend, CallPtr call, NamespacePtr name_space,
                    api::ShutdownWorkerRequest request) {
  google::protobuf::RepeatedPtrField<WorkerHeartbeat> last;
  if (request.has_worker_heartbeat()) last.Add(std::move(*request.mutable_worker_heartbeat()));
  const absl::Status taken = TakeHeartbeats(frontend.workers, name_space->id, last, frontend.executor.Now());
  if (!taken.ok()) return call->Fail(taken);
  if (!request.sticky_task_queue().empty()) {
    frontend.matching.ForgetStickyQueue({.namespace_id = name_space->id,
                                         .kind = engine::TaskKind::kWorkflow,
                                         .name = std::move(*request.mutable_sticky_task_queue())});
  }
  call->Reply(api::ShutdownWorkerResponse());
}

}  // namespace perdure::server
