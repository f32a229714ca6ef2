// What is counted as activities on their own go: their attempts and ends, under the names by which a
// workflow's activities are counted. A type's counters stand at 0 from its first activity on: Prometheus sees
// no rise in a series that begins at 1. Not thread-safe: lives on one executor. Handles are kept, because
// looking one up takes a lock.
#pragma once

#include <cstdint>
#include <string_view>

#include "engine/activity/state.h"
#include "server/history/entity_kinds.h"
#include "server/metrics/activity_counters.h"
#include "server/metrics/metrics.h"
#include "server/metrics/series_cache.h"

namespace perdure::server {

class ActivityMetrics final : public StepObserver {
 public:
  explicit ActivityMetrics(Metrics& metrics) : metrics_(metrics) {}

  void OnEntity(std::string_view namespace_name, const engine::Entity& entity) override;
  void Before(const engine::Entity& entity, const StepCause& cause) override;
  void After(std::string_view namespace_name, const engine::Entity& entity, const StepCause& cause,
             bool ok) override;
  void OnRecords(std::string_view namespace_name, const engine::Entity& entity, size_t records) override;

 private:
  using State = engine::activity::State;

  // Good until the next call.
  const ActivityCounters& Of(std::string_view namespace_name, const State& state);
  void CountClosed(std::string_view namespace_name, const State& after);

  Metrics& metrics_;
  // Noted before a step.
  bool was_open_ = false;
  int64_t attempt_ = 0;
  bool attempt_ran_ = false;
  SeriesCache<ActivityCounters> activities_;
};

}  // namespace perdure::server
