// Every metric of the table, shown in Prometheus text form.
// Thread safety and rules: see metrics.h.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "prometheus/collectable.h"
#include "server/metrics/label_table.h"
#include "server/metrics/metrics.h"

namespace perdure::server {

class PrometheusMetrics final : public Metrics {
 public:
  // `now`: the clock by which sets of labels grow idle; any thread calls it. Without one they never do.
  explicit PrometheusMetrics(std::function<absl::Time()> now = nullptr);
  ~PrometheusMetrics() override;

  LabelledMetricsPtr Hold(Labels labels) override;
  Counter& counter(std::string_view name, Labels labels) override;
  Gauge& gauge(std::string_view name, Labels labels) override;
  Histogram& histogram(std::string_view name, Labels labels) override;

  // Called before each reading, to set what is only known by asking. Any thread; what it uses outlives this.
  void BeforeReading(std::function<void()> update);

  // What is read; it lives as long as this or the caller holds it.
  std::weak_ptr<prometheus::Collectable> collectable() const;
  std::string Text() const;

 private:
  class Tables;
  const std::shared_ptr<Tables> tables_;
};

}  // namespace perdure::server
