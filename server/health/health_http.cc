#include "server/health/health_http.h"

#include <utility>

#include <fmt/format.h>

#include "base/text.h"

namespace perdure::server {
namespace {

HttpAnswer AnswerProbe(const Health& health, const HttpRequest& request) {
  const bool both = request.path == "/healthz";
  if (request.method != "GET" || !(both || request.path == "/livez" || request.path == "/readyz")) {
    return {.status = 404, .body = "not found\n"};
  }
  HealthReport report;
  if (both || request.path == "/livez") report = health.Live();
  if (both || request.path == "/readyz") {
    for (HealthReport::Check& check : health.Ready().checks) report.checks.push_back(std::move(check));
  }
  return {
      .status = report.ok() ? 200 : 503, .content_type = "application/json", .body = report.Json() + "\n"};
}

}  // namespace

absl::StatusOr<std::unique_ptr<HttpServer>> ListenForProbes(const std::string& ip, int port,
                                                            const std::shared_ptr<const Health>& health,
                                                            LimitsSeen* limits) {
  auto server = HttpServer::Listen("probes", ip, port, limits, [health](const HttpRequest& request) {
    return AnswerProbe(*health, request);
  });
  if (server.ok()) return server;
  return absl::FailedPreconditionError(fmt::format(
      "cannot listen for probes on {}: the address is in use or not this machine's; choose another with "
      "the key health.listen, or --health-port",
      HostPort(ip, port)));
}

}  // namespace perdure::server
