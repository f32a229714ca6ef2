#include "server/metrics/metrics_http.h"

#include <exception>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/text.h"
#include "prometheus/exposer.h"

namespace perdure::server {

absl::StatusOr<std::unique_ptr<MetricsHttp>> MetricsHttp::Listen(const std::string& ip, int port,
                                                                 const PrometheusMetrics& metrics) {
  const std::string address = HostPort(ip, port);
  try {
    auto exposer = std::make_unique<prometheus::Exposer>(address, 1);
    exposer->RegisterCollectable(metrics.collectable());
    const int listening = exposer->GetListeningPorts().at(0);
    return std::unique_ptr<MetricsHttp>(new MetricsHttp(std::move(exposer), listening));
  } catch (const std::exception& error) {  // the library's way to say that the port is taken
    return absl::FailedPreconditionError(
        absl::StrCat("cannot listen for metrics on ", address, ": choose a free port (", error.what(), ")"));
  }
}

MetricsHttp::MetricsHttp(std::unique_ptr<prometheus::Exposer> exposer, int port)
    : exposer_(std::move(exposer)), port_(port) {}

MetricsHttp::~MetricsHttp() = default;

}  // namespace perdure::server
