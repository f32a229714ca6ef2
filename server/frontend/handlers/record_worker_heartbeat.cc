#include <fmt/format.h>

#include "base/limits.h"
#include "base/status.h"
#include "server/frontend/handlers/handlers.h"

namespace perdure::server {

void RecordWorkerHeartbeat(Frontend& frontend, CallPtr call, NamespacePtr name_space,
                           api::RecordWorkerHeartbeatRequest request) {
  for (const auto& heartbeat : request.worker_heartbeat()) {
    if (heartbeat.ByteSizeLong() > limits::kWorkerHeartbeatSize) {
      return call->Fail(InvalidArgument(
          fmt::format("WorkerHeartbeat exceeds the limit of {} bytes.", limits::kWorkerHeartbeatSize)));
    }
  }
  const absl::Time now = frontend.executor.Now();
  for (auto& heartbeat : *request.mutable_worker_heartbeat()) {
    frontend.workers.Record(name_space->id, std::move(heartbeat), now);
  }
  call->Reply(api::RecordWorkerHeartbeatResponse());
}

}  // namespace perdure::server
