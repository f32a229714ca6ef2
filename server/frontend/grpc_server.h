// The gRPC endpoint: both services of the API, the standard health service and reflection.
// Thread safety: any thread.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/frontend/frontend.h"
#include "server/frontend/grpc_service.h"

namespace grpc {
class Server;
class ServerCredentials;
}  // namespace grpc

namespace perdure::server {

class GrpcServer {
 public:
  // Listens and serves at once. `port` 0 picks a free one. FAILED_PRECONDITION, saying what to do, when it
  // cannot listen. Table, frontend and observer outlive the server. Without `tls`, calls are in plain text.
  static absl::StatusOr<std::unique_ptr<GrpcServer>> Listen(
      const std::string& ip, int port, const MethodTable& table, Frontend& frontend, CallObserver& observer,
      std::shared_ptr<grpc::ServerCredentials> tls = {});
  // Ends what is still in flight.
  ~GrpcServer();

  int port() const { return port_; }

  // What the health service says. True from the start.
  void SetHealthy(bool healthy);

  // Takes no new calls, and returns when those in flight are answered, at the latest after `grace`, which
  // ends them.
  void Shutdown(absl::Duration grace);

 private:
  GrpcServer(const MethodTable& table, Frontend& frontend, CallObserver& observer);

  GrpcService workflow_service_;
  GrpcService operator_service_;
  const Executor& clock_;
  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;
};

}  // namespace perdure::server
