// What one type of activity counts, of a workflow or on its own: its ends, and its attempts' failures, under
// the names of the real server's metrics. Not thread-safe but for the counters.
#pragma once

#include <array>
#include <memory>
#include <string_view>

#include "engine/activity_rules/activity_happening.h"
#include "server/metrics/metrics.h"
#include "server/metrics/series_cache.h"

namespace perdure::server {

struct ActivityCounters {
  std::array<std::weak_ptr<LabelledMetrics>, 1> series;
  Counter *success, *fail, *task_fail, *timeout, *task_timeout, *cancel, *retry;
};

// Counts what has happened to an activity of the counters' type.
void Count(const engine::ActivityHappening& happening, const ActivityCounters& counters);

struct ActivityLabels {
  std::string_view namespace_name;
  std::string_view task_queue;
  std::string_view workflow_type;
  std::string_view activity_type;
};

// Good until the next call on `known`.
const ActivityCounters& CountersOf(const ActivityLabels& labels, Metrics& metrics,
                                   SeriesCache<ActivityCounters>& known);

}  // namespace perdure::server
