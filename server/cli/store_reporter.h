// What the store tells of its work: counted and measured (store_metrics.h), and where a database cannot be
// reached or refuses something, said in the log. The parts of a server do not say so themselves: of an outage
// there is a line at its begin, one a minute, and one at its end.
//
// Thread safety: any thread.
#pragma once

#include <optional>
#include <string_view>

#include "absl/time/time.h"
#include "base/executor.h"
#include "base/mutex.h"
#include "persistence/store.h"
#include "server/cli/store_metrics.h"
#include "server/metrics/metrics.h"

namespace perdure::server {

class StoreReporter final : public persistence::StoreObserver {
 public:
  static constexpr absl::Duration kInterval = absl::Minutes(1);

  // Both outlive this; of `clock` only its monotonic time is used.
  StoreReporter(Metrics& metrics, const Executor& clock) : metrics_(metrics), clock_(clock) {}

  void OnOperation(std::string_view operation, absl::Duration latency, bool ok) override {
    metrics_.OnOperation(operation, latency, ok);
  }
  void OnReach(std::string_view why) override;
  void OnRefusal(std::string_view operation, std::string_view words) override;

 private:
  StoreMetrics metrics_;
  const Executor& clock_;
  Mutex mutex_;
  // Monotonic, while the database is away.
  std::optional<absl::Duration> away_since_ ABSL_GUARDED_BY(mutex_);
  absl::Duration next_line_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace perdure::server
