// One gRPC service of the API, made from the method table: raw bytes in, raw bytes out, so that replies can
// be spliced. Lifetime: outlives the grpc::Server that it is registered with; table, frontend and observer
// outlive it.
#pragma once

#include <grpcpp/impl/service_type.h>

#include "server/frontend/frontend.h"
#include "server/frontend/method_table.h"

namespace perdure::server {

class GrpcService final : public grpc::Service {
 public:
  GrpcService(ApiService service, const MethodTable& table, Frontend& frontend, CallObserver& observer);
};

}  // namespace perdure::server
