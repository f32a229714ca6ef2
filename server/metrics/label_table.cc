#include "server/metrics/label_table.h"

#include <algorithm>
#include <array>

#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/check.h"
#include "base/limits.h"
#include "base/text.h"

namespace perdure::server {
namespace {

constexpr std::string_view kOther = "_other_";
constexpr std::string_view kNamespace = "namespace";
// A table that is full looks for idle sets at most this often: a flood of new values must not cost a look at
// all sets each.
constexpr absl::Duration kSweepInterval = absl::Seconds(1);

bool ClientsChoose(std::string_view label) {
  static constexpr std::array<std::string_view, 4> kChosen = {kNamespace, "taskqueue", "workflowType",
                                                              "activityType"};
  return std::find(kChosen.begin(), kChosen.end(), label) != kChosen.end();
}

// As the text form writes a value: these take two bytes.
size_t EscapedSize(std::string_view value) {
  return value.size() + static_cast<size_t>(std::count_if(value.begin(), value.end(), [](char c) {
           return c == '\\' || c == '"' || c == '\n';
         }));
}

std::string KeyOf(const std::vector<std::string>& values) {
  std::string key;
  for (const std::string& value : values) key.append(value).push_back(0);
  return key;
}

}  // namespace

SeriesSet::SeriesSet(const std::vector<const MetricSpec*>& metrics,
                     std::vector<prometheus::ClientMetric::Label> labels, bool overflow)
    : metrics_(metrics), labels_(std::move(labels)), overflow_(overflow), series_(metrics.size()) {}

Series& SeriesSet::Get(std::string_view name, MetricKind kind) {
  const auto metric = std::find_if(metrics_.begin(), metrics_.end(),
                                   [name](const MetricSpec* spec) { return spec->name == name; });
  PERDURE_CHECK(metric != metrics_.end() && (*metric)->kind == kind, name);
  const MutexLock lock(mutex_);
  std::unique_ptr<Series>& series = series_[static_cast<size_t>(metric - metrics_.begin())];
  if (series == nullptr) {
    switch (kind) {
      case MetricKind::kCounter:
        series = std::make_unique<CounterSeries>();
        break;
      case MetricKind::kGauge:
        series = std::make_unique<GaugeSeries>();
        break;
      case MetricKind::kHistogram:
        series = std::make_unique<HistogramSeries>((*metric)->scale);
        break;
    }
  }
  return *series;
}

Counter& SeriesSet::counter(std::string_view name) {
  return static_cast<CounterSeries&>(Get(name, MetricKind::kCounter));
}

Gauge& SeriesSet::gauge(std::string_view name) {
  return static_cast<GaugeSeries&>(Get(name, MetricKind::kGauge));
}

Histogram& SeriesSet::histogram(std::string_view name) {
  return static_cast<HistogramSeries&>(Get(name, MetricKind::kHistogram));
}

bool SeriesSet::Use() {
  used_.store(true, std::memory_order_relaxed);
  return !overflow_ && shown_.load(std::memory_order_relaxed);
}

bool SeriesSet::Read(size_t metric, std::vector<prometheus::ClientMetric>& to) const {
  if (overflow_ && metrics_[metric]->kind == MetricKind::kGauge) return false;
  const MutexLock lock(mutex_);
  if (series_[metric] == nullptr) return false;
  to.push_back(series_[metric]->Read());
  to.back().label = labels_;
  return true;
}

LabelTable::LabelTable(std::string_view names)
    : names_(names.empty() ? std::vector<std::string>() : absl::StrSplit(AbslView(names), ',')) {}

size_t LabelTable::Add(const MetricSpec& metric) {
  metrics_.push_back(&metric);
  return metrics_.size() - 1;
}

std::shared_ptr<SeriesSet> LabelTable::Get(Metrics::Labels labels, absl::Time now, bool for_good) {
  Values values = ValuesOf(labels);
  const MutexLock lock(mutex_);
  std::shared_ptr<SeriesSet> set;
  if (const auto known = sets_.find(KeyOf(values)); known != sets_.end()) {
    set = known->second;
  } else {
    const size_t bytes = BytesOf(values);
    if (!HasRoom(NamespaceOf(values), bytes)) GiveBackIdle(now);
    set = HasRoom(NamespaceOf(values), bytes) ? Make(values, false, now) : Overflow(std::move(values), now);
  }
  set->kept_for_good_ |= for_good;
  set->Use();
  return set;
}

LabelTable::Values LabelTable::ValuesOf(Metrics::Labels labels) const {
  PERDURE_CHECK(labels.size() == names_.size(), absl::StrJoin(names_, ","));
  Values values;
  for (const auto& [name, value] : labels) {
    PERDURE_CHECK(name == names_[values.size()], name);
    values.emplace_back(value);
  }
  return values;
}

std::string_view LabelTable::NamespaceOf(const Values& values) const {
  const auto label = std::find(names_.begin(), names_.end(), kNamespace);
  return label == names_.end() ? std::string_view() : values[static_cast<size_t>(label - names_.begin())];
}

size_t LabelTable::BytesOf(const Values& values) const {
  size_t bytes = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    if (ClientsChoose(names_[i])) bytes += EscapedSize(values[i]);
  }
  return bytes;
}

bool LabelTable::HasRoom(std::string_view name_space, size_t bytes) const {
  if (!all_.HasRoom(bytes, limits::kAllMetricSets, limits::kAllMetricSetBytes)) return false;
  const auto used = by_namespace_.find(AbslView(name_space));
  const Used of_namespace = used == by_namespace_.end() ? Used() : used->second;
  return of_namespace.HasRoom(bytes, limits::kMetricSets, limits::kMetricSetBytes);
}

// A namespace that has sets of its own has one for what finds no place among them; the others share one.
std::shared_ptr<SeriesSet> LabelTable::Overflow(Values values, absl::Time now) {
  const bool keeps_namespace = by_namespace_.contains(AbslView(NamespaceOf(values)));
  for (size_t i = 0; i < values.size(); ++i) {
    if (ClientsChoose(names_[i]) && !(keeps_namespace && names_[i] == kNamespace)) values[i] = kOther;
  }
  const auto known = sets_.find(KeyOf(values));
  return known != sets_.end() ? known->second : Make(values, true, now);
}

std::shared_ptr<SeriesSet> LabelTable::Make(const Values& values, bool overflow, absl::Time now) {
  std::vector<prometheus::ClientMetric::Label> labels;
  for (size_t i = 0; i < values.size(); ++i) labels.push_back({names_[i], values[i]});
  std::sort(labels.begin(), labels.end());
  auto set = std::make_shared<SeriesSet>(metrics_, std::move(labels), overflow);
  set->last_use_ = now;
  if (!overflow) {
    set->name_space_ = NamespaceOf(values);
    set->bytes_ = BytesOf(values);
    for (Used* used : {&all_, &by_namespace_[set->name_space_]}) {
      ++used->sets;
      used->bytes += set->bytes_;
    }
  }
  sets_.emplace(KeyOf(values), set);
  return set;
}

void LabelTable::NoteUses(absl::Time now) {
  for (const auto& [key, set] : sets_) {
    if (set->used_.exchange(false, std::memory_order_relaxed)) set->last_use_ = now;
  }
}

void LabelTable::GiveBackIdle(absl::Time now) {
  if (now < next_sweep_) return;
  next_sweep_ = now + kSweepInterval;
  NoteUses(now);
  absl::erase_if(sets_, [&](const auto& entry) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    SeriesSet& set = *entry.second;
    // Whoever holds a set uses its handles without a word.
    const bool held = set.kept_for_good_ || entry.second.use_count() > 1;
    if (held || now - set.last_use_ < limits::kMetricIdle) return false;
    set.shown_.store(false, std::memory_order_relaxed);
    if (set.overflow_) return true;
    const auto of_namespace = by_namespace_.find(set.name_space_);
    for (Used* used : {&all_, &of_namespace->second}) {
      --used->sets;
      used->bytes -= set.bytes_;
    }
    if (of_namespace->second.sets == 0) by_namespace_.erase(of_namespace);
    return true;
  });
}

std::vector<std::shared_ptr<SeriesSet>> LabelTable::All(absl::Time now) {
  const MutexLock lock(mutex_);
  NoteUses(now);
  std::vector<std::shared_ptr<SeriesSet>> all;
  all.reserve(sets_.size());
  for (const auto& [key, set] : sets_) all.push_back(set);
  return all;
}

}  // namespace perdure::server
