#include "server/metrics/activity_counters.h"

namespace perdure::server {

const ActivityCounters& CountersOf(const ActivityLabels& labels, Metrics& metrics,
                                   SeriesCache<ActivityCounters>& known) {
  const std::string key =
      SeriesKey({labels.namespace_name, labels.task_queue, labels.workflow_type, labels.activity_type});
  return known.Find(key, [&] {
    const LabelledMetricsPtr series = metrics.Hold({{"namespace", labels.namespace_name},
                                                    {"taskqueue", labels.task_queue},
                                                    {"workflowType", labels.workflow_type},
                                                    {"activityType", labels.activity_type}});
    const auto counter = [&](std::string_view name) { return &series->counter(name); };
    return ActivityCounters{.series = {series},
                            .success = counter("activity_success"),
                            .fail = counter("activity_fail"),
                            .task_fail = counter("activity_task_fail"),
                            .timeout = counter("activity_timeout"),
                            .task_timeout = counter("activity_task_timeout"),
                            .cancel = counter("activity_cancel"),
                            .retry = counter("activity_retry")};
  });
}

}  // namespace perdure::server
