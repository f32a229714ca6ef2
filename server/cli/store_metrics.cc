#include "server/cli/store_metrics.h"

namespace perdure::server {

void StoreMetrics::OnOperation(std::string_view operation, absl::Duration latency, bool ok) {
  Handles handles;
  {
    const std::lock_guard lock(mutex_);
    const auto [found, is_new] = operations_.try_emplace(operation);
    if (is_new) {
      const Metrics::Labels labels = {{"operation", operation}};
      found->second = {&metrics_.counter("persistence_requests", labels),
                       &metrics_.counter("persistence_errors", labels),
                       &metrics_.histogram("persistence_latency", labels)};
    }
    handles = found->second;
  }
  handles.requests->Add(1);
  handles.latency->Observe(latency);
  if (!ok) handles.errors->Add(1);
}

}  // namespace perdure::server
