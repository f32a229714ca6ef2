// Every metric of the server: the one table from which metrics are made and documented.
// Constants; safe anywhere.
#pragma once

#include <span>
#include <string_view>

namespace perdure::server {

enum class MetricKind { kCounter, kGauge, kHistogram };
// The bounds of a histogram's buckets.
enum class MetricScale { kNone, kSeconds, kCount, kBytes };

struct MetricSpec {
  std::string_view name;
  MetricKind kind;
  MetricScale scale;        // of histograms
  std::string_view labels;  // names joined by commas, in the order of their use
  std::string_view help;
};

std::span<const MetricSpec> MetricTable();

}  // namespace perdure::server
