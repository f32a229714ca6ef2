// The listener for /metrics in Prometheus text form.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "server/metrics/prometheus_metrics.h"

namespace prometheus {
class Exposer;
}

namespace perdure::server {

// Listens until destroyed. Answers from its own thread.
class MetricsHttp {
 public:
  // `port` 0 picks a free one. FAILED_PRECONDITION, saying why, when it cannot listen.
  static absl::StatusOr<std::unique_ptr<MetricsHttp>> Listen(const std::string& ip, int port,
                                                             const PrometheusMetrics& metrics);
  ~MetricsHttp();

  int port() const { return port_; }

 private:
  MetricsHttp(std::unique_ptr<prometheus::Exposer> exposer, int port);

  std::unique_ptr<prometheus::Exposer> exposer_;
  const int port_;
};

}  // namespace perdure::server
