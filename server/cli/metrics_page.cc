#include "server/cli/metrics_page.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "server/metrics/metric_table.h"
#include "server/metrics/metrics.h"

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
  return spec.name.ends_with("_bytes") ? "bytes" : "number";
}

std::string Labels(const MetricSpec& spec) {
  std::string labels = spec.labels.empty() ? "none" : std::string(spec.labels);
  for (size_t comma = labels.find(','); comma != std::string::npos; comma = labels.find(',', comma + 2)) {
    labels.insert(comma + 1, " ");
  }
  return labels;
}

}  // namespace

std::string MetricsPage() {
  std::string page = fmt::format(
      "# Metrics\n\n"
      "Written by `perdure metrics` from the table that the metrics are made of; a test compares the two. "
      "They are\n"
      "in Prometheus text form at `/metrics` of the metrics port. Names and labels that Temporal's "
      "dashboards use\n"
      "are Temporal's; `perdure_*` is what only this server has. A histogram has the series `_bucket`, "
      "`_sum` and\n"
      "`_count`. Label values that clients choose are bounded: beyond {} sets of labels of one metric, the "
      "others\n"
      "share one whose values are `_other_`. The counters of a workflow type and of an activity type are "
      "there, "
      "at 0,\n"
      "from its first start and its first schedule on, so that a rate sees its first failure.\n\n"
      "| metric | kind | unit | labels | meaning |\n|---|---|---|---|---|\n",
      kMaxLabelSets);
  for (const MetricSpec& spec : MetricTable()) {
    page += fmt::format("| `{}` | {} | {} | {} | {} |\n", spec.name, KindName(spec.kind), Unit(spec),
                        Labels(spec), spec.help);
  }
  return page;
}

void AddMetricsPage(CLI::App& app) {
  app.add_subcommand("metrics", "Explain every metric")->callback([] { fmt::print("{}", MetricsPage()); });
}

}  // namespace perdure::server
