// Raw unary calls to one Temporal-compatible server, for the load generators: no SDK, no retries of its own.
// Thread safety: any thread. `done` runs on a thread of gRPC's. The object must outlive every call, so those
// who begin long polls never destroy it: the end of the process is what cancels them.
#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/impl/codegen/proto_utils.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "temporal/api/workflowservice/v1/request_response.pb.h"

namespace perdure::bench {

namespace api = temporal::api::workflowservice::v1;

struct Target {
  std::string address;  // HOST:PORT
  std::string name_space = "default";
};

class Client {
 public:
  // Waits until something listens at the address, looking every millisecond; UNAVAILABLE if nothing does
  // within `patience`.
  static absl::StatusOr<std::unique_ptr<Client>> Connect(const Target& target, absl::Duration patience);

  // A request with the fields set that all have.
  template <typename Request>
  Request New() const {
    Request request;
    request.set_namespace_(target_.name_space);
    if constexpr (requires { request.set_identity(kIdentity); }) request.set_identity(kIdentity);
    return request;
  }

  template <typename Response, typename Request>
  void Send(const char* method, Request request, absl::Duration patience,
            std::function<void(const grpc::Status&, Response&)> done) {
    auto call = std::make_shared<Call<Request, Response>>();
    call->request = std::move(request);
    call->context.set_deadline(absl::ToChronoTime(absl::Now() + patience));
    grpc::TemplatedGenericStub<Request, Response> stub(channel_);
    stub.UnaryCall(
        &call->context, absl::StrCat(kService, method), grpc::StubOptions(), &call->request, &call->response,
        [call, done = std::move(done)](const grpc::Status& status) { done(status, call->response); });
  }

  // Runs `then` on a thread of gRPC's.
  static void After(absl::Duration delay, std::function<void()> then);

 private:
  template <typename Request, typename Response>
  struct Call {
    grpc::ClientContext context;
    Request request;
    Response response;
  };

  static constexpr char kService[] = "/temporal.api.workflowservice.v1.WorkflowService/";
  static constexpr char kIdentity[] = "perdure-load";

  Client(Target target, std::shared_ptr<grpc::Channel> channel)
      : target_(std::move(target)), channel_(std::move(channel)) {}

  const Target target_;
  const std::shared_ptr<grpc::Channel> channel_;
};

// "RESOURCE_EXHAUSTED", ...
std::string CodeName(const grpc::Status& status);

}  // namespace perdure::bench
