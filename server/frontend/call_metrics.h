// Counts calls and their errors, and measures how long they take: the one place where all of them pass.
// Thread safety: any thread.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "server/frontend/call.h"
#include "server/frontend/method_table.h"
#include "server/metrics/metrics.h"

namespace perdure::server {

class CallMetrics final : public CallObserver {
 public:
  // Both outlive this.
  CallMetrics(const MethodTable& table, Metrics& metrics);

  void OnAnswered(const Method& method, const NamespacePtr& name_space, const absl::Status& status,
                  absl::Duration latency) override;

 private:
  struct Handles {
    Counter* requests;
    Counter* errors;
    Histogram* latency;
  };
  struct OfMethod {
    std::mutex mutex;
    absl::flat_hash_map<std::string, Handles> by_namespace;  // guarded by mutex
  };

  Handles HandlesOf(const Method& method, const std::string& name_space);

  Metrics& metrics_;
  std::vector<std::unique_ptr<OfMethod>> methods_;  // by Method::index
};

}  // namespace perdure::server
