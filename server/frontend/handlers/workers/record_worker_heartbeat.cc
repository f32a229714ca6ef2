#include "server/frontend/handlers/handlers.h"
#include "server/workers/worker_heartbeats.h"

namespace perdure::server {

void RecordWorkerHeartbeat(Frontend& frontend, CallPtr call, NamespacePtr name_space,
                           api::RecordWorkerHeartbeatRequest request) {
  const absl::Status taken = TakeHeartbeats(frontend.workers, name_space->id,
                                            *request.mutable_worker_heartbeat(), frontend.executor.Now());
  if (!taken.ok()) return call->Fail(taken);
  call->Reply(api::RecordWorkerHeartbeatResponse());
}

}  // namespace perdure::server
