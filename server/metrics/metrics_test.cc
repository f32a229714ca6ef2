#include <set>
#include <string>

#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/metrics/metric_table.h"
#include "server/metrics/prometheus_metrics.h"

namespace perdure::server {

TEST_CASE("what was counted, set and observed stands in the text form") {
  PrometheusMetrics metrics;
  const Metrics::Labels call = {
      {"operation", "Poll"}, {"namespace", "default"}, {"service_name", "frontend"}};
  metrics.counter("service_requests", call).Add();
  metrics.counter("service_requests", call).Add(2);
  metrics.gauge("perdure_pollers", {}).Set(7);
  metrics.histogram("service_latency", call).Observe(absl::Milliseconds(3));
  const std::string text = metrics.Text();
  CHECK(absl::StrContains(
      text, R"(service_requests{namespace="default",operation="Poll",service_name="frontend"} 3)"));
  CHECK(absl::StrContains(text, "perdure_pollers 7"));
  CHECK(absl::StrContains(
      text,
      R"(service_latency_bucket{namespace="default",operation="Poll",service_name="frontend",le="0.005"} 1)"));
}

TEST_CASE("a handle is the same for the same labels") {
  PrometheusMetrics metrics;
  const Metrics::Labels labels = {{"operation", "Commit"}, {"service_name", "history"}};
  CHECK(&metrics.counter("persistence_requests", labels) == &metrics.counter("persistence_requests", labels));
}

TEST_CASE("every metric of the table is named once, explained, and a histogram has buckets") {
  std::set<std::string_view> names;
  for (const MetricSpec& spec : MetricTable()) {
    INFO(spec.name);
    CHECK(names.insert(spec.name).second);
    CHECK_FALSE(spec.help.empty());
    CHECK((spec.kind == MetricKind::kHistogram) == (spec.scale != MetricScale::kNone));
  }
}

}  // namespace perdure::server
