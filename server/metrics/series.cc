#include "server/metrics/series.h"

#include <algorithm>
#include <limits>

#include "base/check.h"

namespace perdure::server {
namespace {

const std::vector<double>& Bounds(MetricScale scale) {
  static const std::vector<double> kSecondsBounds = {0.001, 0.002, 0.005, 0.01, 0.02, 0.05,  0.1,
                                                     0.2,   0.5,   1,     2,    5,    10,    20,
                                                     50,    100,   200,   500,  1000, 10000, 100000};
  static const std::vector<double> kCountBounds = {1,   2,    5,    10,   20,    50,    100,  200,
                                                   500, 1000, 2000, 5000, 10000, 20000, 50000};
  static const std::vector<double> kBytesBounds = {1024,    4096,    16384,    65536,   262144,
                                                   1048576, 4194304, 16777216, 67108864};
  switch (scale) {
    case MetricScale::kNone:
      break;
    case MetricScale::kSeconds:
      return kSecondsBounds;
    case MetricScale::kCount:
      return kCountBounds;
    case MetricScale::kBytes:
      return kBytesBounds;
  }
  PERDURE_CHECK(false, "a histogram without a scale");
}

}  // namespace

prometheus::ClientMetric CounterSeries::Read() const {
  prometheus::ClientMetric metric;
  metric.counter.value = value_.load(std::memory_order_relaxed);
  return metric;
}

prometheus::ClientMetric GaugeSeries::Read() const {
  prometheus::ClientMetric metric;
  metric.gauge.value = value_.load(std::memory_order_relaxed);
  return metric;
}

HistogramSeries::HistogramSeries(MetricScale scale) : bounds_(Bounds(scale)), counts_(bounds_.size() + 1) {}

void HistogramSeries::Observe(double value) {
  const auto bucket = std::lower_bound(bounds_.begin(), bounds_.end(), value) - bounds_.begin();
  counts_[static_cast<size_t>(bucket)].fetch_add(1, std::memory_order_relaxed);
  sum_.fetch_add(value, std::memory_order_relaxed);
}

prometheus::ClientMetric HistogramSeries::Read() const {
  prometheus::ClientMetric metric;
  uint64_t count = 0;
  for (size_t i = 0; i < counts_.size(); ++i) {
    count += counts_[i].load(std::memory_order_relaxed);
    const double bound = i < bounds_.size() ? bounds_[i] : std::numeric_limits<double>::infinity();
    metric.histogram.bucket.push_back({count, bound});
  }
  metric.histogram.sample_count = count;
  metric.histogram.sample_sum = sum_.load(std::memory_order_relaxed);
  return metric;
}

}  // namespace perdure::server
