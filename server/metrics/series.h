// The values of one series, as they are counted and as Prometheus is shown them.
// Thread safety: any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "prometheus/client_metric.h"
#include "server/metrics/metric_table.h"
#include "server/metrics/metrics.h"

namespace perdure::server {

class Series {
 public:
  virtual ~Series() = default;
  // The values, without labels.
  virtual prometheus::ClientMetric Read() const = 0;
};

class CounterSeries final : public Series, public Counter {
 public:
  void Add(double n) override { value_.fetch_add(n, std::memory_order_relaxed); }
  prometheus::ClientMetric Read() const override;

 private:
  std::atomic<double> value_ = 0;
};

class GaugeSeries final : public Series, public Gauge {
 public:
  void Set(double value) override { value_.store(value, std::memory_order_relaxed); }
  void Add(double difference) override { value_.fetch_add(difference, std::memory_order_relaxed); }
  prometheus::ClientMetric Read() const override;

 private:
  std::atomic<double> value_ = 0;
};

class HistogramSeries final : public Series, public Histogram {
 public:
  explicit HistogramSeries(MetricScale scale);
  void Observe(double value) override;
  prometheus::ClientMetric Read() const override;

 private:
  const std::vector<double>& bounds_;
  std::vector<std::atomic<uint64_t>> counts_;  // one more than bounds_: the last is what lies above them
  std::atomic<double> sum_ = 0;
};

}  // namespace perdure::server
