// Counts and measures the store's operations.
// Thread safety: any thread.
#pragma once

#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "base/mutex.h"
#include "persistence/store.h"
#include "server/metrics/metrics.h"

namespace perdure::server {

class StoreMetrics final : public persistence::StoreObserver {
 public:
  explicit StoreMetrics(Metrics& metrics) : metrics_(metrics) {}  // outlives this

  void OnOperation(std::string_view operation, absl::Duration latency, bool ok) override;

 private:
  struct Handles {
    Counter* requests;
    Counter* errors;
    Histogram* latency;
  };

  Metrics& metrics_;
  Mutex mutex_;
  absl::flat_hash_map<std::string_view, Handles> operations_ ABSL_GUARDED_BY(mutex_);  // keys are constants
};

}  // namespace perdure::server
