#include "server/metrics/prometheus_metrics.h"

#include <utility>

#include "base/check.h"
#include "base/mutex.h"
#include "base/text.h"
#include "prometheus/text_serializer.h"
#include "server/metrics/metric_table.h"

namespace perdure::server {
namespace {

prometheus::MetricType TypeOf(MetricKind kind) {
  switch (kind) {
    case MetricKind::kCounter:
      return prometheus::MetricType::Counter;
    case MetricKind::kGauge:
      return prometheus::MetricType::Gauge;
    case MetricKind::kHistogram:
      return prometheus::MetricType::Histogram;
  }
  PERDURE_CHECK(false, "a metric of no kind");
}

}  // namespace

// A table for each list of label names; constant after the constructor, but for what the tables hold.
class PrometheusMetrics::Tables final : public prometheus::Collectable {
 public:
  explicit Tables(std::function<absl::Time()> now) : now_(std::move(now)) {
    for (const MetricSpec& spec : MetricTable()) {
      std::unique_ptr<LabelTable>& table = by_labels_[std::string(spec.labels)];
      if (table == nullptr) table = std::make_unique<LabelTable>(spec.labels);
      places_.emplace(spec.name, Place{table.get(), table->Add(spec)});
    }
  }

  std::shared_ptr<SeriesSet> Get(Labels labels, bool for_good) {
    std::string names;
    for (const auto& [name, value] : labels) {
      if (!names.empty()) names.push_back(',');
      names.append(name);
    }
    const auto table = by_labels_.find(names);
    PERDURE_CHECK(table != by_labels_.end(), names);
    return table->second->Get(labels, Now(), for_good);
  }

  void BeforeReading(std::function<void()> update) {
    const MutexLock lock(mutex_);
    updates_.push_back(std::move(update));
  }

  std::vector<prometheus::MetricFamily> Collect() const override {
    {
      const MutexLock lock(mutex_);
      for (const std::function<void()>& update : updates_) update();
    }
    absl::flat_hash_map<const LabelTable*, std::vector<std::shared_ptr<SeriesSet>>> sets;
    for (const auto& [labels, table] : by_labels_) sets.emplace(table.get(), table->All(Now()));
    std::vector<prometheus::MetricFamily> families;
    for (const MetricSpec& spec : MetricTable()) {
      const Place& place = places_.at(AbslView(spec.name));
      prometheus::MetricFamily family;
      for (const auto& set : sets.at(place.table)) set->Read(place.metric, family.metric);
      if (family.metric.empty()) continue;
      family.name = spec.name;
      family.help = spec.help;
      family.type = TypeOf(spec.kind);
      families.push_back(std::move(family));
    }
    return families;
  }

 private:
  struct Place {
    LabelTable* table;
    size_t metric;
  };

  absl::Time Now() const { return now_ == nullptr ? absl::UnixEpoch() : now_(); }

  const std::function<absl::Time()> now_;
  absl::flat_hash_map<std::string, std::unique_ptr<LabelTable>> by_labels_;
  absl::flat_hash_map<std::string, Place> places_;  // by the metric's name
  mutable Mutex mutex_;
  std::vector<std::function<void()>> updates_ ABSL_GUARDED_BY(mutex_);
};

PrometheusMetrics::PrometheusMetrics(std::function<absl::Time()> now)
    : tables_(std::make_shared<Tables>(std::move(now))) {}

PrometheusMetrics::~PrometheusMetrics() = default;

LabelledMetricsPtr PrometheusMetrics::Hold(Labels labels) { return tables_->Get(labels, false); }

Counter& PrometheusMetrics::counter(std::string_view name, Labels labels) {
  return tables_->Get(labels, true)->counter(name);
}

Gauge& PrometheusMetrics::gauge(std::string_view name, Labels labels) {
  return tables_->Get(labels, true)->gauge(name);
}

Histogram& PrometheusMetrics::histogram(std::string_view name, Labels labels) {
  return tables_->Get(labels, true)->histogram(name);
}

void PrometheusMetrics::BeforeReading(std::function<void()> update) {
  tables_->BeforeReading(std::move(update));
}

std::weak_ptr<prometheus::Collectable> PrometheusMetrics::collectable() const { return tables_; }

std::string PrometheusMetrics::Text() const {
  return prometheus::TextSerializer().Serialize(tables_->Collect());
}

}  // namespace perdure::server
