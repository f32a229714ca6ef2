// The listener for probes: GET /livez, /readyz and /healthz (both). 200 when every check is OK, else 503; the
// body is the report in JSON. It has no other answers, takes no secrets and gives none.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "server/health/health.h"

class CivetServer;

namespace perdure::server {

// Listens until destroyed. Answers from threads of its own.
class HealthHttp {
 public:
  // `port` 0 picks a free one. FAILED_PRECONDITION, saying what to do, when it cannot listen.
  static absl::StatusOr<std::unique_ptr<HealthHttp>> Listen(const std::string& ip, int port,
                                                            const std::shared_ptr<const Health>& health);
  ~HealthHttp();

  int port() const { return port_; }

 private:
  class Probes;
  HealthHttp(std::unique_ptr<Probes> probes, std::unique_ptr<CivetServer> server, int port);

  std::unique_ptr<Probes> probes_;  // outlives the server
  std::unique_ptr<CivetServer> server_;
  const int port_;
};

}  // namespace perdure::server
