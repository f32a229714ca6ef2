#include "server/cli/metrics_page.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "base/limits.h"
#include "server/metrics/metric_table.h"

namespace perdure::server {
namespace {

std::string_view KindName(MetricKind kind) {
  switch (kind) {
    case MetricKind::kCounter:
      return "counter";
    case MetricKind::kGauge:
      return "gauge";
    case MetricKind::kHistogram:
      return "histogram";
  }
  return {};
}

std::string_view Unit(const MetricSpec& spec) {
  switch (spec.scale) {
    case MetricScale::kSeconds:
      return "seconds";
    case MetricScale::kBytes:
      return "bytes";
    case MetricScale::kCount:
      return "number";
    case MetricScale::kNone:
      break;
  }
  if (spec.name.ends_with("_seconds")) return "seconds";
  if (spec.name.starts_with("memory_")) return "bytes";
  return spec.name.ends_with("_bytes") ? "bytes" : "number";
}

std::string Labels(const MetricSpec& spec) {
  std::string labels = spec.labels.empty() ? "none" : std::string(spec.labels);
  for (size_t comma = labels.find(','); comma != std::string::npos; comma = labels.find(',', comma + 2)) {
    labels.insert(comma + 1, " ");
  }
  return labels;
}

// Queries of Temporal's own server dashboards (repository temporalio/dashboards, folders server and misc)
// that have no answer here, by what they ask for, and why.
struct NoAnswer {
  std::string_view query;
  std::string_view why;
};
constexpr NoAnswer kNoAnswers[] = {
    {"`num_goroutines`, `memory_num_gc`, `memory_gc_pause_ms_bucket`, `memory_stack`",
     "Of Go's runtime: this program has no goroutines and no garbage collector, and its stacks are the "
     "system's."},
    {"`membership_changed_count`", "There is one server process for a database: none joins or leaves."},
    {"`client_requests`, `client_errors`, `client_latency_bucket`",
     "Calls between services: here the services are parts of one process, and call each other as functions."},
    {"`schedule_to_start_timeout`, `start_to_close_timeout` of operation `TimerActiveTaskWorkflowTimeout`",
     "No server of today has that operation. The counters are here under those of the real server: "
     "`TimerActiveTaskActivityTimeout` and `TimerActiveTaskWorkflowTaskTimeout`."},
    {"grouping by `temporal_namespace`, `temporal_service_type`, `kubernetes_pod_name`",
     "The first two are called `namespace` and `service_name`, as on the real server; such a query answers "
     "with "
     "one number for all. The third comes from the scrape's own configuration."},
    {"`service_latency`, `service_errors`, `service_errors_*` of `service_name` `history` or `matching`",
     "A call is counted once, where it comes in: `frontend`. Of the others there are `service_requests` for "
     "tasks alone."},
    {"`service_requests` of `service_name` `history` by other operations than `Record…TaskStarted`",
     "For the same reason: `frontend` has them."},
    {"`persistence_*` of `service_name` `matching`",
     "Task queues are not stored: history stores what waits."},
    {"`task_*` of operations `TimerActive…`, `TransferActive…`, `Visibility…`; `queue_*`",
     "There are no tables of tasks: what a run owes follows from its state "
     "(`perdure_wakes_behind_seconds`)."},
    {"`cache_*`, `acquire_lock_failed`, `stale_mutable_state`",
     "A run in memory belongs to one thread, without a lock, and its state there is never stale "
     "(`perdure_resident_runs`)."},
    {"`acquire_shards_*`, `sharditem_acquisition_latency`",
     "All shards are taken at once, by a fence (`perdure_fences`)."},
    {"`sync_throttle_count`, `buffer_throttle_count`, `forwarded`, `local_to_…_matches`, "
     "`remote_to_…_matches`",
     "Task queues have no partitions, between which tasks would be forwarded (`poll_success`)."},
    {"`lease_requests`, `lease_failures`, `condition_failed_errors`, `tasks_expired`",
     "Task queues are not stored, so nobody leases them; a task goes when its run no longer owes it."},
    {"`visibility_persistence_*`, `elasticsearch_*`, `add_search_attributes_*`",
     "Lists and counts read the rows of the runs themselves: `persistence_*` of operations `ListExecutions` "
     "and "
     "`CountExecutions`."},
    {"all of the worker service: `executor_*`, `executions_outstanding`, `scavenger_*`, `replicator_*`, "
     "`batcher_*`, `taskqueue_*`, "
     "`parent_close_policy_processor_*`, `started`, `stopped`, `namespace_replication_dlq_enqueue_requests`",
     "There is no such service: no workflows of the system's own run here."},
    {"`container_*`, `machine_*`", "Kubernetes' own."},
};

std::string NoAnswers() {
  std::string page =
      "\n## Temporal's dashboards\n\n"
      "Temporal's own server dashboards work against this page, by the same names and labels; a test asks a "
      "real\n"
      "Prometheus their queries. These have no answer here:\n\n"
      "| query | why |\n|---|---|\n";
  for (const NoAnswer& one : kNoAnswers) page += fmt::format("| {} | {} |\n", one.query, one.why);
  return page;
}

std::string Opening() {
  return fmt::format(
      "# Metrics\n\n"
      "Written by `perdure metrics` from the table that the metrics are made of; a test compares the two. "
      "They are\n"
      "in Prometheus text form at `/metrics` of the metrics port. Names and labels that Temporal's "
      "dashboards use\n"
      "are Temporal's; `perdure_*` is what only this server has. A histogram has the series `_bucket`, "
      "`_sum` and\n"
      "`_count`. The counters of a workflow type and of an activity type are there, at 0, from its first "
      "start "
      "and\n"
      "its first schedule on, so that a rate sees its first failure.\n\n"
      "Label values that clients choose are bounded: of the metrics that have the same labels, a namespace "
      "may "
      "have\n"
      "{} sets of values, whose text takes {} KiB, and all namespaces together {} and {} KiB. What finds no "
      "place shares\n"
      "series whose values are `_other_`, without gauges; a set that was not used for {} minutes gives its "
      "place to\n"
      "another that needs one.\n\n",
      limits::kMetricSets, limits::kMetricSetBytes / 1024, limits::kAllMetricSets,
      limits::kAllMetricSetBytes / 1024, absl::ToInt64Minutes(limits::kMetricIdle));
}

}  // namespace

std::string MetricsPage() {
  std::string page = Opening();
  page += "| metric | kind | unit | labels | meaning |\n|---|---|---|---|---|\n";
  for (const MetricSpec& spec : MetricTable()) {
    page += fmt::format("| `{}` | {} | {} | {} | {} |\n", spec.name, KindName(spec.kind), Unit(spec),
                        Labels(spec), spec.help);
  }
  return page + NoAnswers();
}

void AddMetricsPage(CLI::App& app) {
  app.add_subcommand("metrics", "Explain every metric")->callback([] { fmt::print("{}", MetricsPage()); });
}

}  // namespace perdure::server
