#include "server/frontend/handlers/handlers.h"
#include "server/frontend/worker_heartbeats.h"

namespace perdure::server {

void RecordWorkerHeartbeat(Frontend& frontend, CallPtr call, NamespacePtr name_space,
                           api::RecordWorkerHeartbeatRequest request) {
  const absl::Status taken = TakeHeartbeats(frontend, *name_space, *request.mutable_worker_heartbeat());
  if (!taken.ok()) return call->Fail(taken);
  call->Reply(api::RecordWorkerHeartbeatResponse());
}

}  // namespace perdure::server
