#include "server/frontend/worker_heartbeats.h"

#include <utility>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/status.h"

namespace perdure::server {

absl::Status TakeHeartbeats(Frontend& frontend, const Namespace& name_space,
                            google::protobuf::RepeatedPtrField<WorkerHeartbeat>& heartbeats) {
  for (const WorkerHeartbeat& heartbeat : heartbeats) {
    if (heartbeat.ByteSizeLong() > limits::kWorkerHeartbeatSize) {
      return InvalidArgument(
          fmt::format("WorkerHeartbeat exceeds the limit of {} bytes.", limits::kWorkerHeartbeatSize));
    }
  }
  const absl::Time now = frontend.executor.Now();
  for (WorkerHeartbeat& heartbeat : heartbeats) {
    frontend.workers.Record(name_space.id, std::move(heartbeat), now);
  }
  return absl::OkStatus();
}

}  // namespace perdure::server
