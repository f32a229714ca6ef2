// Metrics that go nowhere, for tests of other parts.
#pragma once

#include "server/metrics/metrics.h"

namespace perdure::server {

class NullMetrics final : public Metrics {
 public:
  LabelledMetricsPtr Hold(Labels /*labels*/) override { return set_; }
  Counter& counter(std::string_view /*name*/, Labels /*labels*/) override { return counter_; }
  Gauge& gauge(std::string_view /*name*/, Labels /*labels*/) override { return gauge_; }
  Histogram& histogram(std::string_view /*name*/, Labels /*labels*/) override { return histogram_; }

 private:
  class NullCounter final : public Counter {
    void Add(double /*n*/) override {}
  };
  class NullGauge final : public Gauge {
    void Set(double /*value*/) override {}
    void Add(double /*difference*/) override {}
  };
  class NullHistogram final : public Histogram {
    void Observe(double /*value*/) override {}
  };
  class NullSet final : public LabelledMetrics {
   public:
    Counter& counter(std::string_view /*name*/) override { return counter_; }
    Gauge& gauge(std::string_view /*name*/) override { return gauge_; }
    Histogram& histogram(std::string_view /*name*/) override { return histogram_; }
    bool Use() override { return true; }

   private:
    NullCounter counter_;
    NullGauge gauge_;
    NullHistogram histogram_;
  };

  const LabelledMetricsPtr set_ = std::make_shared<NullSet>();
  NullCounter counter_;
  NullGauge gauge_;
  NullHistogram histogram_;
};

}  // namespace perdure::server
