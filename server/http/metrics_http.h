// The listener for /metrics in Prometheus text form.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "server/http/http_server.h"
#include "server/metrics/prometheus_metrics.h"

namespace perdure::server {

// Listens until destroyed, on a loop of its own. `port` 0 picks a free one. FAILED_PRECONDITION, saying why,
// when it cannot listen. `metrics` and `limits` outlive it.
absl::StatusOr<std::unique_ptr<HttpServer>> ListenForMetrics(const std::string& ip, int port,
                                                             const PrometheusMetrics& metrics,
                                                             LimitsSeen& limits);

}  // namespace perdure::server
