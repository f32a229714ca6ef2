// The heartbeats of workers that several calls bring: taken into the registry, or refused together.
#pragma once

#include "absl/status/status.h"
#include "server/frontend/frontend.h"

namespace perdure::server {

// INVALID_ARGUMENT, and none is taken, when one of them is over limits::kWorkerHeartbeatSize.
absl::Status TakeHeartbeats(Frontend& frontend, const Namespace& name_space,
                            google::protobuf::RepeatedPtrField<WorkerHeartbeat>& heartbeats);

}  // namespace perdure::server
