#include "server/http/metrics_http.h"

#include <fmt/format.h>

#include "base/text.h"

namespace perdure::server {

absl::StatusOr<std::unique_ptr<HttpServer>> ListenForMetrics(const std::string& ip, int port,
                                                             const PrometheusMetrics& metrics,
                                                             LimitsSeen& limits) {
  auto server = HttpServer::Listen("metrics", ip, port, &limits, [&metrics](const HttpRequest& request) {
    if (request.method != "GET" || request.path != "/metrics") {
      return HttpAnswer{.status = 404, .body = "only GET /metrics\n"};
    }
    return HttpAnswer{.content_type = "text/plain; version=0.0.4; charset=utf-8", .body = metrics.Text()};
  });
  if (server.ok()) return server;
  return absl::FailedPreconditionError(fmt::format("cannot listen for metrics on {}: choose a free port ({})",
                                                   HostPort(ip, port),
                                                   std::string(server.status().message())));
}

}  // namespace perdure::server
