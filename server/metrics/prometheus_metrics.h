// Metrics over prometheus-cpp: every metric of the table, and their Prometheus text form.
// Thread safety and rules: see metrics.h.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "prometheus/registry.h"
#include "server/metrics/metrics.h"

namespace perdure::server {

class PrometheusMetrics final : public Metrics {
 public:
  PrometheusMetrics();
  ~PrometheusMetrics() override;

  Counter& counter(std::string_view name, Labels labels) override;
  Gauge& gauge(std::string_view name, Labels labels) override;
  Histogram& histogram(std::string_view name, Labels labels) override;

  const std::shared_ptr<prometheus::Registry>& registry() const { return registry_; }
  std::string Text() const;

 private:
  class Series;
  Series& Find(std::string_view name);

  std::shared_ptr<prometheus::Registry> registry_;
  // Filled by the constructor, constant afterwards. A Series has its own lock.
  absl::flat_hash_map<std::string, std::unique_ptr<Series>> series_;
};

}  // namespace perdure::server
