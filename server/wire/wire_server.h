// The gRPC endpoint on our own wire. Connections are spread over event loops of its own; a connection too
// many closes the one that does least.
//
// Thread safety: as ApiServer.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "server/auth/tls_source.h"
#include "server/frontend/api_server.h"
#include "server/frontend/frontend.h"
#include "server/frontend/method_table.h"
#include "server/net/limits_seen.h"

namespace perdure::server {

struct WireOptions {
  std::string ip = "127.0.0.1";
  int port = 0;                    // 0: a free one
  std::shared_ptr<TlsSource> tls;  // null: plain text
  size_t loops = 1;                // threads
  size_t connections = 0;          // at a time; 0: limits::kWireConnections
  ConnectionTimes times;
};

class WireServer final : public ApiServer {
 public:
  // Listens and serves at once. FAILED_PRECONDITION, saying what to do, when it cannot listen. All that is
  // given outlives the server.
  static absl::StatusOr<std::unique_ptr<ApiServer>> Listen(const WireOptions& options,
                                                           const MethodTable& table, Frontend& frontend,
                                                           CallObserver& observer, LimitsSeen& limits,
                                                           Metrics& metrics);
  ~WireServer() override;

  int port() const override;
  void SetHealthy(bool healthy) override;
  void Shutdown(absl::Duration grace) override;

 private:
  class Impl;
  explicit WireServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace perdure::server
