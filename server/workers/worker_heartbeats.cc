#include "server/workers/worker_heartbeats.h"

#include <utility>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/status.h"

namespace perdure::server {

absl::Status TakeHeartbeats(WorkerRegistry& workers, const Uuid& namespace_id,
                            google::protobuf::RepeatedPtrField<WorkerHeartbeat>& heartbeats, absl::Time now) {
  for (const WorkerHeartbeat& heartbeat : heartbeats) {
    if (heartbeat.ByteSizeLong() > limits::kWorkerHeartbeatSize) {
      return InvalidArgument(
          fmt::format("WorkerHeartbeat exceeds the limit of {} bytes.", limits::kWorkerHeartbeatSize));
    }
  }
  for (WorkerHeartbeat& heartbeat : heartbeats) workers.Record(namespace_id, std::move(heartbeat), now);
  return absl::OkStatus();
}

}  // namespace perdure::server
