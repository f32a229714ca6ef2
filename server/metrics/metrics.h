// The metrics that the server exposes. All are declared in one table (metric_table.cc: name, kind, help,
// unit, labels), from which the page in docs/ is generated; nothing else makes a metric. Backed by
// prometheus-cpp.
//
// Clients choose some label values (namespaces, task queues, types), so the sets of label values are bounded,
// for each namespace and for all (limits::kMetricSets and the limits beside it): a set that finds no place
// shares the series whose values are "_other_". A set that nobody holds, and that has not been used for
// limits::kMetricIdle, gives its place back when another set needs one.
//
// Thread safety: any thread. Getting a handle takes a lock and a look-up: keep it where it is used often.
// Units: seconds for durations.
#pragma once

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/time/time.h"

namespace perdure::server {

class Counter {
 public:
  virtual ~Counter() = default;
  virtual void Add(double n = 1) = 0;
};
class Gauge {
 public:
  virtual ~Gauge() = default;
  virtual void Set(double value) = 0;
  virtual void Add(double difference) = 0;
};
class Histogram {
 public:
  virtual ~Histogram() = default;
  virtual void Observe(double value) = 0;
  void Observe(absl::Duration latency) { Observe(absl::ToDoubleSeconds(latency)); }
};

// The series of one set of label values, of all metrics that have those labels. Handles are valid as long as
// this object is held.
class LabelledMetrics {
 public:
  virtual ~LabelledMetrics() = default;
  // REQUIRES: `name` stands in the table with that kind and exactly these labels.
  virtual Counter& counter(std::string_view name) = 0;
  virtual Gauge& gauge(std::string_view name) = 0;
  virtual Histogram& histogram(std::string_view name) = 0;
  // Notes that the set is in use. False: it has no place of its own, because it shares one, or has given it
  // back: whoever holds the labels anew may find one.
  virtual bool Use() = 0;
};
using LabelledMetricsPtr = std::shared_ptr<LabelledMetrics>;

class Metrics {
 public:
  using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

  virtual ~Metrics() = default;

  // The series of these label values. REQUIRES: metrics of the table have exactly those labels, in that
  // order. They keep their place while the result is held.
  virtual LabelledMetricsPtr Hold(Labels labels) = 0;

  // One series, which keeps its place for good: for label values that clients cannot choose. The handle is
  // valid as long as the Metrics object. REQUIRES: `name` stands in the table with that kind and exactly
  // those labels.
  virtual Counter& counter(std::string_view name, Labels labels) = 0;
  virtual Gauge& gauge(std::string_view name, Labels labels) = 0;
  virtual Histogram& histogram(std::string_view name, Labels labels) = 0;
};

}  // namespace perdure::server
