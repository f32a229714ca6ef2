// The heartbeats that one call brings: they go into the registry together, or none does.
#pragma once

#include "absl/status/status.h"
#include "server/workers/worker_registry.h"

namespace perdure::server {

// Moves the heartbeats into the registry. INVALID_ARGUMENT, and none is taken, when one of them is over
// limits::kWorkerHeartbeatSize.
absl::Status TakeHeartbeats(WorkerRegistry& workers, const Uuid& namespace_id,
                            google::protobuf::RepeatedPtrField<WorkerHeartbeat>& heartbeats, absl::Time now);

}  // namespace perdure::server
