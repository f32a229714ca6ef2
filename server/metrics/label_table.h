// The sets of label values of those metrics that have the same label names, with the series of each set.
//
// Metrics that share labels share their sets, so that they come, overflow and go together: a ratio of two of
// them is never one of different runs. Bounds and idleness: metrics.h.
//
// Thread safety: any thread.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "base/mutex.h"
#include "server/metrics/metric_table.h"
#include "server/metrics/metrics.h"
#include "server/metrics/series.h"

namespace perdure::server {

// One set of label values.
class SeriesSet final : public LabelledMetrics {
 public:
  // `metrics` outlives it. An overflow set is what several sets share: it has no gauges, because a gauge of
  // several things is the value of none.
  SeriesSet(const std::vector<const MetricSpec*>& metrics,
            std::vector<prometheus::ClientMetric::Label> labels, bool overflow);

  Counter& counter(std::string_view name) override;
  Gauge& gauge(std::string_view name) override;
  Histogram& histogram(std::string_view name) override;
  bool Use() override;

  // What the series of `metric` shows, with its labels; false when there is none.
  bool Read(size_t metric, std::vector<prometheus::ClientMetric>& to) const;

 private:
  friend class LabelTable;
  Series& Get(std::string_view name, MetricKind kind);

  const std::vector<const MetricSpec*>& metrics_;
  const std::vector<prometheus::ClientMetric::Label> labels_;  // by name
  const bool overflow_;
  std::atomic<bool> used_ = true;   // since the last look
  std::atomic<bool> shown_ = true;  // false: its place was given back

  // The table's, guarded by its lock.
  bool kept_for_good_ = false;
  absl::Time last_use_;
  std::string name_space_;
  size_t bytes_ = 0;

  mutable Mutex mutex_;
  std::vector<std::unique_ptr<Series>> series_ ABSL_GUARDED_BY(mutex_);  // by the metric's place in metrics_
};

class LabelTable {
 public:
  // `names`: joined by commas. Metrics are added before the first Get.
  explicit LabelTable(std::string_view names);
  // Its place in SeriesSet::Read.
  size_t Add(const MetricSpec& metric);

  std::shared_ptr<SeriesSet> Get(Metrics::Labels labels, absl::Time now, bool for_good);
  std::vector<std::shared_ptr<SeriesSet>> All(absl::Time now);

 private:
  struct Used {
    size_t sets = 0;
    size_t bytes = 0;
    bool HasRoom(size_t more, size_t max_sets, size_t max_bytes) const {
      return sets < max_sets && bytes + more <= max_bytes;
    }
  };
  using Values = std::vector<std::string>;  // in the order of names_

  Values ValuesOf(Metrics::Labels labels) const;
  std::string_view NamespaceOf(const Values& values) const;
  size_t BytesOf(const Values& values) const;
  bool HasRoom(std::string_view name_space, size_t bytes) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::shared_ptr<SeriesSet> Overflow(Values values, absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::shared_ptr<SeriesSet> Make(const Values& values, bool overflow, absl::Time now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void NoteUses(absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void GiveBackIdle(absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::vector<std::string> names_;
  std::vector<const MetricSpec*> metrics_;

  Mutex mutex_;
  absl::flat_hash_map<std::string, std::shared_ptr<SeriesSet>> sets_
      ABSL_GUARDED_BY(mutex_);                                                   // by their values
  absl::flat_hash_map<std::string, Used> by_namespace_ ABSL_GUARDED_BY(mutex_);  // without overflow sets
  Used all_ ABSL_GUARDED_BY(mutex_);
  absl::Time next_sweep_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
};

}  // namespace perdure::server
