#include "server/metrics/prometheus_metrics.h"

#include <mutex>
#include <variant>

#include "absl/strings/str_split.h"
#include "base/check.h"
#include "base/text.h"
#include "prometheus/counter.h"
#include "prometheus/gauge.h"
#include "prometheus/histogram.h"
#include "prometheus/text_serializer.h"
#include "server/metrics/metric_table.h"

namespace perdure::server {
namespace {

constexpr std::string_view kOther = "_other_";

class PrometheusCounter final : public Counter {
 public:
  explicit PrometheusCounter(prometheus::Counter& counter) : counter_(counter) {}
  void Add(double n) override { counter_.Increment(n); }

 private:
  prometheus::Counter& counter_;
};

class PrometheusGauge final : public Gauge {
 public:
  explicit PrometheusGauge(prometheus::Gauge& gauge) : gauge_(gauge) {}
  void Set(double value) override { gauge_.Set(value); }

 private:
  prometheus::Gauge& gauge_;
};

class PrometheusHistogram final : public Histogram {
 public:
  explicit PrometheusHistogram(prometheus::Histogram& histogram) : histogram_(histogram) {}
  void Observe(double value) override { histogram_.Observe(value); }

 private:
  prometheus::Histogram& histogram_;
};

prometheus::Histogram::BucketBoundaries Bounds(MetricScale scale) {
  switch (scale) {
    case MetricScale::kNone:
      break;
    case MetricScale::kSeconds:
      return {0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2,  0.5,   1,     2,
              5,     10,    20,    50,   100,  200,  500, 1000, 10000, 100000};
    case MetricScale::kCount:
      return {1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000};
    case MetricScale::kBytes:
      return {1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864};
  }
  PERDURE_CHECK(false, "a histogram without a scale");
}

}  // namespace

// One metric of the table and its handles, by the values of its labels.
class PrometheusMetrics::Series {
 public:
  using Handle = std::variant<std::unique_ptr<Counter>, std::unique_ptr<Gauge>, std::unique_ptr<Histogram>>;

  Series(const MetricSpec& spec, prometheus::Registry& registry) : spec_(spec) {
    if (!spec.labels.empty()) labels_ = absl::StrSplit(AbslView(spec.labels), ',');
    const std::string name(spec.name), help(spec.help);
    switch (spec.kind) {
      case MetricKind::kCounter:
        counters_ = &prometheus::BuildCounter().Name(name).Help(help).Register(registry);
        break;
      case MetricKind::kGauge:
        gauges_ = &prometheus::BuildGauge().Name(name).Help(help).Register(registry);
        break;
      case MetricKind::kHistogram:
        histograms_ = &prometheus::BuildHistogram().Name(name).Help(help).Register(registry);
        break;
    }
  }

  // The handle of these label values, made when first asked for.
  template <typename T>
  T& Get(Labels labels) {
    const std::lock_guard lock(mutex_);
    return *std::get<std::unique_ptr<T>>(GetLocked(labels));
  }

 private:
  Handle& GetLocked(Labels labels) {
    PERDURE_CHECK(labels.size() == labels_.size(), spec_.name);
    std::string key;
    for (const auto& [name, value] : labels) key.append(value).push_back(0);
    if (const auto found = handles_.find(key); found != handles_.end()) return found->second;
    const bool full = !labels_.empty() && handles_.size() >= kMaxLabelSets;
    if (full) {
      key.assign(kOther);
      if (const auto found = handles_.find(key); found != handles_.end()) return found->second;
    }
    return handles_.emplace(std::move(key), Make(labels, full)).first->second;
  }

  Handle Make(Labels labels, bool full) {
    prometheus::Labels values;
    size_t i = 0;
    for (const auto& [name, value] : labels) {
      PERDURE_CHECK(name == labels_[i++], spec_.name);
      values.emplace(name, full ? kOther : value);
    }
    switch (spec_.kind) {
      case MetricKind::kCounter:
        return std::make_unique<PrometheusCounter>(counters_->Add(values));
      case MetricKind::kGauge:
        return std::make_unique<PrometheusGauge>(gauges_->Add(values));
      case MetricKind::kHistogram:
        return std::make_unique<PrometheusHistogram>(histograms_->Add(values, Bounds(spec_.scale)));
    }
    PERDURE_CHECK(false, "a metric of no kind");
  }

  const MetricSpec& spec_;
  std::vector<std::string> labels_;
  prometheus::Family<prometheus::Counter>* counters_ = nullptr;
  prometheus::Family<prometheus::Gauge>* gauges_ = nullptr;
  prometheus::Family<prometheus::Histogram>* histograms_ = nullptr;

  std::mutex mutex_;
  // Guarded by mutex_. Handles are never removed; what they point to stays when the map grows.
  absl::flat_hash_map<std::string, Handle> handles_;
};

PrometheusMetrics::PrometheusMetrics() : registry_(std::make_shared<prometheus::Registry>()) {
  for (const MetricSpec& spec : MetricTable()) {
    series_.emplace(spec.name, std::make_unique<Series>(spec, *registry_));
  }
}

PrometheusMetrics::~PrometheusMetrics() = default;

PrometheusMetrics::Series& PrometheusMetrics::Find(std::string_view name) {
  const auto found = series_.find(AbslView(name));
  PERDURE_CHECK(found != series_.end(), name);
  return *found->second;
}

Counter& PrometheusMetrics::counter(std::string_view name, Labels labels) {
  return Find(name).Get<Counter>(labels);
}

Gauge& PrometheusMetrics::gauge(std::string_view name, Labels labels) {
  return Find(name).Get<Gauge>(labels);
}

Histogram& PrometheusMetrics::histogram(std::string_view name, Labels labels) {
  return Find(name).Get<Histogram>(labels);
}

std::string PrometheusMetrics::Text() const {
  return prometheus::TextSerializer().Serialize(registry_->Collect());
}

}  // namespace perdure::server
