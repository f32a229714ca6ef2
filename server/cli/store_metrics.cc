#include "server/cli/store_metrics.h"

#include <algorithm>
#include <array>

namespace perdure::server {
namespace {

// Which of Temporal's services asks for it there: lists and namespaces are the frontend's.
std::string_view ServiceOf(std::string_view operation) {
  static constexpr std::array<std::string_view, 5> kFrontend = {
      "ListExecutions", "CountExecutions", "ListNamespaces", "PutNamespace", "RemoveNamespace"};
  return std::find(kFrontend.begin(), kFrontend.end(), operation) != kFrontend.end() ? "frontend" : "history";
}

}  // namespace

void StoreMetrics::OnOperation(std::string_view operation, absl::Duration latency, bool ok) {
  Handles handles;
  {
    const MutexLock lock(mutex_);
    const auto [found, is_new] = operations_.try_emplace(operation);
    if (is_new) {
      const Metrics::Labels labels = {{"operation", operation}, {"service_name", ServiceOf(operation)}};
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
