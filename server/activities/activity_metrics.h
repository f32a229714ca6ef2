// What is counted as activities on their own go: what their steps say, under the names by which a workflow's
// activities are counted. A type's counters stand at 0 from its first activity on: Prometheus sees no rise in
// a series that begins at 1. Not thread-safe: lives on one executor. Handles are kept, because looking one up
// takes a lock.
#pragma once

#include <string_view>
#include <vector>

#include "engine/activity/state.h"
#include "server/activities/activity_counters.h"
#include "server/history/entity_kinds.h"
#include "server/metrics/metrics.h"
#include "server/metrics/series_cache.h"

namespace perdure::server {

class ActivityMetrics final : public StepObserver {
 public:
  explicit ActivityMetrics(Metrics& metrics) : metrics_(metrics) {}

  void OnEntity(std::string_view namespace_name, const engine::Entity& entity) override;
  void OnStep(std::string_view namespace_name, const engine::Entity& entity,
              const std::vector<engine::Record>& records, const engine::Happenings* happenings) override;

 private:
  // Good until the next call.
  const ActivityCounters& Of(std::string_view namespace_name, const engine::activity::State& state);

  Metrics& metrics_;
  SeriesCache<ActivityCounters> activities_;
};

}  // namespace perdure::server
