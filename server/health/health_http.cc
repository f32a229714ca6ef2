#include "server/health/health_http.h"

#include <CivetServer.h>

#include <exception>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"

namespace perdure::server {

class HealthHttp::Probes {
 public:
  explicit Probes(std::shared_ptr<const Health> health) : health_(std::move(health)) {}

  // The library's callback for every request. Its handlers of paths are only there some time after it
  // listens, and until then a probe would be told that there is no such page.
  static int Begin(mg_connection* connection) {
    const auto* server = static_cast<const CivetServer*>(mg_get_user_data(mg_get_context(connection)));
    static_cast<const Probes*>(server->getUserContext())->Answer(connection);
    return 1;  // answered
  }

 private:
  void Answer(mg_connection* connection) const {
    const mg_request_info& request = *mg_get_request_info(connection);
    const std::string_view path = request.local_uri;
    const bool both = path == "/healthz";
    if (request.request_method != std::string_view("GET") ||
        !(both || path == "/livez" || path == "/readyz")) {
      mg_send_http_error(connection, 404, "not found");
      return;
    }
    HealthReport report;
    if (both || path == "/livez") report = health_->Live();
    if (both || path == "/readyz") {
      for (HealthReport::Check& check : health_->Ready().checks) report.checks.push_back(std::move(check));
    }
    const std::string body = report.Json() + "\n";
    mg_printf(connection,
              "HTTP/1.1 %s\r\nContent-Type: application/json\r\nCache-Control: no-store\r\n"
              "Content-Length: %zu\r\nConnection: close\r\n\r\n",
              report.ok() ? "200 OK" : "503 Service Unavailable", body.size());
    mg_write(connection, body.data(), body.size());
  }

  const std::shared_ptr<const Health> health_;
};

absl::StatusOr<std::unique_ptr<HealthHttp>> HealthHttp::Listen(const std::string& ip, int port,
                                                               const std::shared_ptr<const Health>& health) {
  const std::string address = HostPort(ip, port);
  const std::vector<std::string> options = {"listening_ports",    address, "num_threads", "2",
                                            "request_timeout_ms", "5000"};
  try {
    auto probes = std::make_unique<Probes>(health);
    CivetCallbacks callbacks;
    callbacks.begin_request = Probes::Begin;
    auto server = std::make_unique<CivetServer>(options, &callbacks, probes.get());
    const int listening = server->getListeningPorts().at(0);
    return std::unique_ptr<HealthHttp>(new HealthHttp(std::move(probes), std::move(server), listening));
  } catch (const std::exception&) {  // the library's way to say that the port is taken
    return absl::FailedPreconditionError(fmt::format(
        "cannot listen for probes on {}: the address is in use or not this machine's; choose another with "
        "the key health.listen, or --health-port",
        address));
  }
}

HealthHttp::HealthHttp(std::unique_ptr<Probes> probes, std::unique_ptr<CivetServer> server, int port)
    : probes_(std::move(probes)), server_(std::move(server)), port_(port) {}

HealthHttp::~HealthHttp() = default;

}  // namespace perdure::server
