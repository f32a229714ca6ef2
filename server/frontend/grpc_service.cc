#include "server/frontend/grpc_service.h"

#include <fmt/format.h>
#include <grpcpp/impl/codegen/server_callback_handlers.h>
#include <grpcpp/impl/rpc_service_method.h>
#include <grpcpp/support/proto_buffer_reader.h>

#include "base/limits.h"
#include "server/frontend/call_errors.h"
#include "server/frontend/grpc_call.h"

namespace perdure::server {
namespace {

using RawHandler = grpc::internal::CallbackUnaryHandler<grpc::ByteBuffer, grpc::ByteBuffer>;

void Serve(const Method& method, Frontend& frontend, CallPtr call, const grpc::ByteBuffer& request) {
  // gRPC hands on a call that ended before its request came, without one.
  if (!request.Valid()) {
    return call->Fail(absl::CancelledError("The call was cancelled before its request came."));
  }
  if (request.Length() > limits::kGrpcMessage) {
    // The core SDK knows a message that can never pass by this text.
    return call->Fail(OfCaller(absl::ResourceExhaustedError(fmt::format(
        "grpc: received message larger than max ({} vs. {})", request.Length(), limits::kGrpcMessage))));
  }
  if (method.spec.handler == nullptr) {
    return call->Fail(absl::UnimplementedError(fmt::format("{} is not implemented.", method.spec.name)));
  }
  method.spec.handler(frontend, std::move(call),
                      [&](absl::FunctionRef<bool(google::protobuf::io::ZeroCopyInputStream&)> read) {
                        grpc::ByteBuffer bytes(request);  // shares the slices: the reader owns its buffer
                        grpc::ProtoBufferReader stream(&bytes);
                        return read(stream);
                      });
}

}  // namespace

GrpcService::GrpcService(ApiService service, const MethodTable& table, Frontend& frontend,
                         CallObserver& observer) {
  int index = 0;
  for (const Method& method : table.methods()) {
    if (method.spec.service != service) continue;
    AddMethod(new grpc::internal::RpcServiceMethod(method.path.c_str(), grpc::internal::RpcMethod::NORMAL_RPC,
                                                   nullptr));
    MarkMethodRawCallback(index++,
                          new RawHandler([&method, &frontend, &observer](grpc::CallbackServerContext* context,
                                                                         const grpc::ByteBuffer* request,
                                                                         grpc::ByteBuffer* response) {
                            auto* call = new GrpcCall(method, observer, frontend.executor, context, response);
                            Serve(method, frontend, CallPtr(call), *request);
                            return call;
                          }));
  }
}

}  // namespace perdure::server
