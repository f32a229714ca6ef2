// The metrics that the server exposes. All are declared in one table (metric_table.cc: name, kind, help,
// unit, labels), from which the page in docs/ is generated; nothing else makes a metric. Backed by
// prometheus-cpp.
//
// Thread safety: any thread. Handles stay valid as long as the Metrics object. Getting a handle takes a lock
// and a look-up: keep it where it is used often. Label values are bounded: past kMaxLabelSets of one metric,
// the value "_other_" is used. Units: seconds for durations.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/time/time.h"

namespace perdure::server {

inline constexpr size_t kMaxLabelSets = 2000;

class Counter {
 public:
  virtual ~Counter() = default;
  virtual void Add(double n = 1) = 0;
};
class Gauge {
 public:
  virtual ~Gauge() = default;
  virtual void Set(double value) = 0;
};
class Histogram {
 public:
  virtual ~Histogram() = default;
  virtual void Observe(double value) = 0;
  void Observe(absl::Duration latency) { Observe(absl::ToDoubleSeconds(latency)); }
};

class Metrics {
 public:
  using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

  virtual ~Metrics() = default;
  // REQUIRES: `name` stands in the table with that kind and exactly those labels.
  virtual Counter& counter(std::string_view name, Labels labels) = 0;
  virtual Gauge& gauge(std::string_view name, Labels labels) = 0;
  virtual Histogram& histogram(std::string_view name, Labels labels) = 0;
};

// Prometheus text form (and its registry's content) of everything above.
class PrometheusMetrics;

}  // namespace perdure::server
