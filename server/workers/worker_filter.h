// The filter of ListWorkers and CountWorkers: filter_parser.h's syntax over what a worker says about itself.
// Pure functions; safe anywhere.
#pragma once

#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "server/workers/worker_registry.h"

namespace perdure::server {

// Whether a worker polls a queue of the server's own, as the real server's workers do.
bool IsSystemWorker(const WorkerHeartbeat& worker);

// Those that the filter holds for; workers of the system only when they are asked for. INVALID_ARGUMENT for a
// filter that makes no sense, or names what no worker has.
absl::StatusOr<std::vector<WorkerPtr>> FilterWorkers(std::vector<WorkerPtr> workers, std::string_view filter,
                                                     bool include_system_workers);

}  // namespace perdure::server
