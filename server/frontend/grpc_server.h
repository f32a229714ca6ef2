// The gRPC endpoint on gRPC's own library. Thread safety: as ApiServer.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/frontend/api_server.h"
#include "server/frontend/frontend.h"
#include "server/frontend/grpc_service.h"

namespace grpc {
class Server;
class ServerCredentials;
}  // namespace grpc

namespace perdure::server {

class GrpcServer final : public ApiServer {
 public:
  // Listens and serves at once. `port` 0 picks a free one. FAILED_PRECONDITION, saying what to do, when it
  // cannot listen. Table, frontend and observer outlive the server. Without `tls`, calls are in plain text.
  static absl::StatusOr<std::unique_ptr<ApiServer>> Listen(const std::string& ip, int port,
                                                           const MethodTable& table, Frontend& frontend,
                                                           CallObserver& observer,
                                                           std::shared_ptr<grpc::ServerCredentials> tls = {},
                                                           ConnectionTimes times = {});
  ~GrpcServer() override;

  int port() const override { return port_; }
  void SetHealthy(bool healthy) override;
  void Shutdown(absl::Duration grace) override;

 private:
  GrpcServer(const MethodTable& table, Frontend& frontend, CallObserver& observer);

  GrpcService workflow_service_;
  GrpcService operator_service_;
  const Executor& clock_;
  // gRPC asks these at each handshake, but only keeps the part that is its own.
  std::shared_ptr<grpc::ServerCredentials> credentials_;
  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;
};

}  // namespace perdure::server
