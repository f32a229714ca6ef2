#include "server/health/health_http.h"

#include <CivetServer.h>

#include <exception>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"

namespace perdure::server {

class HealthHttp::Handler final : public CivetHandler {
 public:
  Handler(std::string path, std::shared_ptr<const Health> health, bool live, bool ready)
      : path_(std::move(path)), health_(std::move(health)), live_(live), ready_(ready) {}

  bool handleGet(CivetServer*, mg_connection* connection) override {
    // The library matches whatever begins with the path.
    if (path_ != mg_get_request_info(connection)->local_uri) {
      mg_send_http_error(connection, 404, "not found");
      return true;
    }
    HealthReport report;
    if (live_) report = health_->Live();
    if (ready_) {
      for (HealthReport::Check& check : health_->Ready().checks) report.checks.push_back(std::move(check));
    }
    const std::string body = report.Json() + "\n";
    mg_printf(connection,
              "HTTP/1.1 %s\r\nContent-Type: application/json\r\nCache-Control: no-store\r\n"
              "Content-Length: %zu\r\nConnection: close\r\n\r\n",
              report.ok() ? "200 OK" : "503 Service Unavailable", body.size());
    mg_write(connection, body.data(), body.size());
    return true;
  }

 private:
  const std::string path_;
  const std::shared_ptr<const Health> health_;
  const bool live_;
  const bool ready_;
};

absl::StatusOr<std::unique_ptr<HealthHttp>> HealthHttp::Listen(const std::string& ip, int port,
                                                               const std::shared_ptr<const Health>& health) {
  const std::string address = HostPort(ip, port);
  const std::vector<std::string> options = {"listening_ports",    address, "num_threads", "2",
                                            "request_timeout_ms", "5000"};
  try {
    auto server = std::make_unique<CivetServer>(options);
    std::vector<std::unique_ptr<Handler>> handlers;
    handlers.push_back(std::make_unique<Handler>("/livez", health, true, false));
    handlers.push_back(std::make_unique<Handler>("/readyz", health, false, true));
    handlers.push_back(std::make_unique<Handler>("/healthz", health, true, true));
    size_t i = 0;
    for (const char* path : {"/livez", "/readyz", "/healthz"}) server->addHandler(path, *handlers[i++]);
    const int listening = server->getListeningPorts().at(0);
    return std::unique_ptr<HealthHttp>(new HealthHttp(std::move(server), std::move(handlers), listening));
  } catch (const std::exception&) {  // the library's way to say that the port is taken
    return absl::FailedPreconditionError(fmt::format(
        "cannot listen for probes on {}: the address is in use or not this machine's; choose another with "
        "the key health.listen, or --health-port",
        address));
  }
}

HealthHttp::HealthHttp(std::unique_ptr<CivetServer> server, std::vector<std::unique_ptr<Handler>> handlers,
                       int port)
    : handlers_(std::move(handlers)), server_(std::move(server)), port_(port) {}

HealthHttp::~HealthHttp() = default;

}  // namespace perdure::server
