#include "server/frontend/handlers/handlers.h"

namespace perdure::server {

// Heartbeats tell of workers to those who list them. Nothing lists workers yet, so they are accepted and not
// kept.
void RecordWorkerHeartbeat(Frontend&, CallPtr call, NamespacePtr, api::RecordWorkerHeartbeatRequest) {
  call->Reply(api::RecordWorkerHeartbeatResponse());
}

}  // namespace perdure::server
