#include "server/activities/activity_counters.h"

#include <variant>

namespace perdure::server {
namespace {

struct Counting {
  const ActivityCounters& counters;

  void operator()(const engine::ActivityScheduled&) const {}
  void operator()(const engine::ActivityCompleted&) const { counters.success->Add(); }
  void operator()(const engine::ActivityCanceled&) const { counters.cancel->Add(); }
  void operator()(const engine::ActivityTerminated&) const {}  // nor does the real server count it
  void operator()(const engine::ActivityAttemptFailed& failed) const {
    counters.task_fail->Add();
    (failed.retried ? counters.retry : counters.fail)->Add();
  }
  void operator()(const engine::ActivityTimedOut& timed_out) const {
    counters.task_timeout->Add();
    (timed_out.retried ? counters.retry : counters.timeout)->Add();
  }
};

}  // namespace

void Count(const engine::ActivityHappening& happening, const ActivityCounters& counters) {
  std::visit(Counting{counters}, happening);
}

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
