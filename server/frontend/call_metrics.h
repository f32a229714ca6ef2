// Counts calls and their errors, and measures how long they take: the one place where all of them pass.
// Thread safety: any thread.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "server/frontend/call.h"
#include "server/frontend/method_table.h"
#include "server/metrics/metrics.h"
#include "server/metrics/series_cache.h"

namespace perdure::server {

class CallMetrics final : public CallObserver {
 public:
  // Both outlive this.
  CallMetrics(const MethodTable& table, Metrics& metrics);

  void OnAnswered(const Method& method, const NamespacePtr& name_space, const absl::Status& status,
                  absl::Duration latency) override;
  void OnActions(const Method& method, const NamespacePtr& name_space,
                 const std::vector<std::string>& actions) override;

 private:
  struct Handles {
    std::array<std::weak_ptr<LabelledMetrics>, 1> series;
    Counter *requests, *errors, *not_found, *already_started;
    Histogram* latency;
  };
  struct ActionHandle {
    std::array<std::weak_ptr<LabelledMetrics>, 1> series;
    Counter* count;
  };
  struct OfMethod {
    Mutex mutex;
    SeriesCache<Handles> by_namespace ABSL_GUARDED_BY(mutex);
    SeriesCache<ActionHandle> actions ABSL_GUARDED_BY(mutex);  // by namespace and action
  };

  void CountError(const Method& method, std::string_view name_space, const absl::Status& status);
  Handles Make(const Method& method, std::string_view name_space);
  ActionHandle MakeAction(const Method& method, std::string_view name_space, std::string_view action);

  Metrics& metrics_;
  std::vector<std::unique_ptr<OfMethod>> methods_;  // by Method::index
};

}  // namespace perdure::server
