// `perdure metrics`: the page of docs/metrics.md, from the table that the metrics are made of.
#pragma once

#include <string>

namespace CLI {
class App;
}

namespace perdure::server {

std::string MetricsPage();

void AddMetricsPage(CLI::App& app);

}  // namespace perdure::server
