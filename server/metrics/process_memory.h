// What the process holds in memory, as its allocator counts it.
// Thread safety: any thread.
#pragma once

#include <cstddef>

#include "server/metrics/prometheus_metrics.h"

namespace perdure::server {

struct ProcessMemory {
  size_t allocated = 0;  // bytes that the program has and has not given back
  size_t heap = 0;       // bytes that the allocator holds of the system for it
};

// Zeros where the allocator does not count, as under a sanitizer.
ProcessMemory ReadProcessMemory();

// Lets each reading of the metrics show it.
void ShowProcessMemory(PrometheusMetrics& metrics);

}  // namespace perdure::server
