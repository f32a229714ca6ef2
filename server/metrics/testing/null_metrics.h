// Metrics that go nowhere, for tests of other parts.
#pragma once

#include "server/metrics/metrics.h"

namespace perdure::server {

class NullMetrics final : public Metrics {
 public:
  Counter& counter(std::string_view /*name*/, Labels /*labels*/) override { return counter_; }
  Gauge& gauge(std::string_view /*name*/, Labels /*labels*/) override { return gauge_; }
  Histogram& histogram(std::string_view /*name*/, Labels /*labels*/) override { return histogram_; }

 private:
  class NullCounter final : public Counter {
    void Add(double /*n*/) override {}
  };
  class NullGauge final : public Gauge {
    void Set(double /*value*/) override {}
  };
  class NullHistogram final : public Histogram {
    void Observe(double /*value*/) override {}
  };
  NullCounter counter_;
  NullGauge gauge_;
  NullHistogram histogram_;
};

}  // namespace perdure::server
