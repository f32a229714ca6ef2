// The listener for probes: GET /livez, /readyz and /healthz (both). 200 when every check is OK, else 503; the
// body is the report in JSON. It has no other answers, takes no secrets and gives none.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "server/health/health.h"
#include "server/http/http_server.h"

namespace perdure::server {

// Listens until destroyed, on a loop of its own. `port` 0 picks a free one. FAILED_PRECONDITION, saying what
// to do, when it cannot listen. `limits` may be null, and outlives it.
absl::StatusOr<std::unique_ptr<HttpServer>> ListenForProbes(const std::string& ip, int port,
                                                            const std::shared_ptr<const Health>& health,
                                                            LimitsSeen* limits);

}  // namespace perdure::server
