#include "server/frontend/grpc_server.h"

#include <fmt/format.h>
#include <grpc/grpc.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <algorithm>
#include <climits>
#include <mutex>
#include <utility>

#include "base/limits.h"
#include "base/text.h"

namespace perdure::server {
namespace {

// What the gRPC library has one of for the whole process. Once begun it is not ended: its end waits for its
// threads, and one of them may write for ever to a client that is gone.
void SetUpLibrary() {
  static std::once_flag once;
  std::call_once(once, [] {
    grpc_init();
    grpc::EnableDefaultHealthCheckService(true);
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  });
}

void SetArguments(grpc::ServerBuilder& builder, const ConnectionTimes& times) {
  const auto milliseconds = [](absl::Duration time) {
    return static_cast<int>(std::min<int64_t>(INT_MAX, absl::ToInt64Milliseconds(time)));
  };
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS, milliseconds(times.age));
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS, milliseconds(limits::kWireAgeGrace));
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS, milliseconds(times.idle));
  // We check the limit ourselves, for the error's text; this one only bounds what gRPC takes in before that.
  builder.SetMaxReceiveMessageSize(static_cast<int>(limits::kGrpcReceive));
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, static_cast<int>(limits::kGrpcMetadata));
  // SDKs ping idle connections; gRPC's default would close those as abuse.
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                             milliseconds(limits::kMinPingInterval));
  // Two servers on one port would share its calls.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  // Only reflection uses the synchronous API: one thread is enough for it.
  builder.SetSyncServerOption(grpc::ServerBuilder::NUM_CQS, 1);
  builder.SetSyncServerOption(grpc::ServerBuilder::MIN_POLLERS, 1);
  builder.SetSyncServerOption(grpc::ServerBuilder::MAX_POLLERS, 1);
}

}  // namespace

GrpcServer::GrpcServer(const MethodTable& table, Frontend& frontend, CallObserver& observer)
    : workflow_service_(ApiService::kWorkflow, table, frontend, observer),
      operator_service_(ApiService::kOperator, table, frontend, observer),
      clock_(frontend.executor) {}

absl::StatusOr<std::unique_ptr<ApiServer>> GrpcServer::Listen(const std::string& ip, int port,
                                                              const MethodTable& table, Frontend& frontend,
                                                              CallObserver& observer,
                                                              std::shared_ptr<grpc::ServerCredentials> tls,
                                                              ConnectionTimes times) {
  SetUpLibrary();
  std::unique_ptr<GrpcServer> made(new GrpcServer(table, frontend, observer));
  grpc::ServerBuilder builder;
  SetArguments(builder, times);
  made->credentials_ = tls == nullptr ? grpc::InsecureServerCredentials() : std::move(tls);
  builder.AddListeningPort(HostPort(ip, port), made->credentials_, &made->port_);
  builder.RegisterService(&made->workflow_service_);
  builder.RegisterService(&made->operator_service_);
  made->server_ = builder.BuildAndStart();
  if (made->server_ == nullptr || made->port_ == 0) {
    return absl::FailedPreconditionError(fmt::format(
        "cannot listen on {}: the address is in use or not this machine's; choose another with the "
        "key listen, or --port and --ip",
        HostPort(ip, port)));
  }
  made->SetHealthy(true);
  return std::unique_ptr<ApiServer>(std::move(made));
}

GrpcServer::~GrpcServer() { GrpcServer::Shutdown(absl::ZeroDuration()); }

void GrpcServer::SetHealthy(bool healthy) {
  auto* health = server_->GetHealthCheckService();
  health->SetServingStatus(healthy);
  for (const ApiService service : {ApiService::kWorkflow, ApiService::kOperator}) {
    health->SetServingStatus(Descriptor(service).full_name(), healthy);
  }
}

void GrpcServer::Shutdown(absl::Duration grace) {
  if (server_ == nullptr) return;
  server_->Shutdown(absl::ToChronoTime(clock_.Now() + grace));
  server_->Wait();
  server_.reset();
}

}  // namespace perdure::server
