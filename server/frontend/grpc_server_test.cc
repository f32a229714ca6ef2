#include "server/frontend/grpc_server.h"

#include <grpcpp/channel.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/proto_buffer_reader.h>

#include <string>

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include "base/notification.h"
#include "base/status.h"
#include "google/rpc/status.pb.h"
#include "grpc/health/v1/health.pb.h"
#include "server/frontend/testing/fake_parts.h"
#include "temporal/api/errordetails/v1/message.pb.h"
#include "temporal/api/history/v1/message.pb.h"

namespace perdure::server::testing {
namespace {

namespace api = temporal::api::workflowservice::v1;

// A server over fakes on a free port, and a client of it.
struct Wire {
  FakeNode node;
  std::unique_ptr<GrpcServer> server = *GrpcServer::Listen("127.0.0.1", 0, node.methods, node.frontend, node);
  std::shared_ptr<grpc::Channel> channel = MakeChannel();
  grpc::GenericStub stub{channel};

  std::shared_ptr<grpc::Channel> MakeChannel() const {
    grpc::ChannelArguments arguments;
    arguments.SetMaxSendMessageSize(-1);
    return grpc::CreateCustomChannel(fmt::format("127.0.0.1:{}", server->port()),
                                     grpc::InsecureChannelCredentials(), arguments);
  }

  template <typename Response>
  grpc::Status Call(const std::string& path, const google::protobuf::Message& request, Response& response,
                    grpc::ClientContext& context) {
    const std::string bytes = request.SerializeAsString();
    const grpc::Slice slice(bytes);
    const grpc::ByteBuffer out(&slice, 1);
    grpc::ByteBuffer in;
    grpc::Status status;
    Notification done;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(10));
    stub.UnaryCall(&context, path, {}, &out, &in, [&](grpc::Status answered) {
      status = std::move(answered);
      done.Notify();
    });
    done.WaitForNotification();
    if (status.ok()) {
      grpc::ProtoBufferReader reader(&in);
      CHECK(response.ParseFromZeroCopyStream(&reader));
    }
    return status;
  }

  template <typename Response>
  grpc::Status Call(const std::string& method, const google::protobuf::Message& request, Response& response) {
    grpc::ClientContext context;
    return Call("/temporal.api.workflowservice.v1.WorkflowService/" + method, request, response, context);
  }
};

}  // namespace

TEST_CASE("a call goes over the wire and back") {
  Wire wire;
  api::GetSystemInfoResponse response;
  REQUIRE(wire.Call("GetSystemInfo", api::GetSystemInfoRequest(), response).ok());
  CHECK(response.server_version() == "1.32.0");
}

TEST_CASE("what is not built says so by its name") {
  Wire wire;
  api::QueryWorkflowResponse response;
  const grpc::Status status = wire.Call("QueryWorkflow", api::QueryWorkflowRequest(), response);
  CHECK(status.error_code() == grpc::StatusCode::UNIMPLEMENTED);
  CHECK(status.error_message() == "QueryWorkflow is not implemented.");
}

TEST_CASE("an error carries its details in the trailer") {
  Wire wire;
  api::SignalWorkflowExecutionRequest request;
  request.set_namespace_("nowhere");
  api::SignalWorkflowExecutionResponse response;
  const grpc::Status status = wire.Call("SignalWorkflowExecution", request, response);
  CHECK(status.error_code() == grpc::StatusCode::NOT_FOUND);
  google::rpc::Status details;
  REQUIRE(details.ParseFromString(status.error_details()));
  temporal::api::errordetails::v1::NamespaceNotFoundFailure failure;
  REQUIRE(details.details_size() == 1);
  REQUIRE(details.details(0).UnpackTo(&failure));
  CHECK(failure.namespace_() == "nowhere");
}

TEST_CASE("exhausted resources are told in headers too") {
  Wire wire;
  wire.node.history.execute = [](const RunRef&, const engine::workflow::Request&) {
    return ResourceExhausted("busy", temporal::api::enums::v1::RESOURCE_EXHAUSTED_CAUSE_SYSTEM_OVERLOADED,
                             temporal::api::enums::v1::RESOURCE_EXHAUSTED_SCOPE_SYSTEM);
  };
  api::TerminateWorkflowExecutionRequest request;
  request.set_namespace_("default");
  request.mutable_workflow_execution()->set_workflow_id("order-1");
  api::TerminateWorkflowExecutionResponse response;
  grpc::ClientContext context;
  const grpc::Status status =
      wire.Call(wire.node.methods.Find("TerminateWorkflowExecution")->path, request, response, context);
  CHECK(status.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED);
  const auto& headers = context.GetServerInitialMetadata();
  REQUIRE(headers.count("x-resource-exhausted-cause") == 1);
  CHECK(headers.find("x-resource-exhausted-cause")->second == "SystemOverloaded");
  CHECK(headers.find("x-resource-exhausted-scope")->second == "System");
}

TEST_CASE("a request over the limit is refused in the words that the core SDK knows") {
  Wire wire;
  api::SignalWorkflowExecutionRequest request;
  request.mutable_input()->add_payloads()->set_data(std::string(4 * 1024 * 1024, 'x'));
  api::SignalWorkflowExecutionResponse response;
  const grpc::Status status = wire.Call("SignalWorkflowExecution", request, response);
  CHECK(status.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED);
  CHECK(status.error_message() ==
        fmt::format("grpc: received message larger than max ({} vs. 4194304)", request.ByteSizeLong()));
}

TEST_CASE("a call that is cancelled before its request came is counted as cancelled") {
  Wire wire;
  grpc::CompletionQueue queue;
  grpc::ClientContext context;
  const auto call =
      wire.stub.PrepareCall(&context, wire.node.methods.Find("StartWorkflowExecution")->path, &queue);
  void* tag = nullptr;
  bool ok = false;
  call->StartCall(nullptr);
  REQUIRE(queue.Next(&tag, &ok));
  context.TryCancel();
  grpc::Status status;
  call->Finish(&status, nullptr);
  REQUIRE(queue.Next(&tag, &ok));
  while (wire.node.Answers().empty()) absl::SleepFor(absl::Milliseconds(1));
  CHECK(wire.node.Answers().at(0).code() == absl::StatusCode::kCancelled);
}

TEST_CASE("large request headers pass") {
  Wire wire;
  grpc::ClientContext context;
  context.AddMetadata("large", std::string(32 * 1024, 'x'));
  api::GetSystemInfoResponse response;
  CHECK(
      wire.Call(wire.node.methods.Find("GetSystemInfo")->path, api::GetSystemInfoRequest(), response, context)
          .ok());
}

TEST_CASE("a history of many pieces arrives whole") {
  Wire wire;
  wire.node.history.position.open = false;
  wire.node.history.position.run_id = wire.node.ids.Mint();
  wire.node.history.position.next_event_id = 201;
  api::GetWorkflowExecutionHistoryRequest request;
  request.set_namespace_("default");
  request.mutable_execution()->set_workflow_id("order-1");
  api::GetWorkflowExecutionHistoryResponse response;
  REQUIRE(wire.Call("GetWorkflowExecutionHistory", request, response).ok());
  CHECK(response.history().events_size() == 200);
  CHECK(response.history().events(199).event_id() == 200);
}

TEST_CASE("the standard health service answers for each service") {
  Wire wire;
  for (const char* service : {"", "temporal.api.workflowservice.v1.WorkflowService"}) {
    ::grpc::health::v1::HealthCheckRequest request;
    request.set_service(service);
    ::grpc::health::v1::HealthCheckResponse response;
    grpc::ClientContext context;
    REQUIRE(wire.Call("/grpc.health.v1.Health/Check", request, response, context).ok());
    CHECK(response.status() == ::grpc::health::v1::HealthCheckResponse::SERVING);
  }
}

TEST_CASE("a port in use is refused in words") {
  Wire wire;
  const auto second =
      GrpcServer::Listen("127.0.0.1", wire.server->port(), wire.node.methods, wire.node.frontend, wire.node);
  REQUIRE_FALSE(second.ok());
  CHECK(second.status().message().find("choose another") != std::string::npos);
}

TEST_CASE("shutdown ends a call that waits") {
  Wire wire;
  api::PollWorkflowTaskQueueRequest request;
  request.set_namespace_("default");
  request.mutable_task_queue()->set_name("orders");
  Notification ended;
  EventLoop client("client");
  client.Post([&] {
    api::PollWorkflowTaskQueueResponse response;
    CHECK_FALSE(wire.Call("PollWorkflowTaskQueue", request, response).ok());
    ended.Notify();
  });
  while (!wire.node.matching.LastWait()) absl::SleepFor(absl::Milliseconds(1));
  wire.server->Shutdown(absl::ZeroDuration());
  ended.WaitForNotification();
  CHECK(wire.node.matching.cancelled() == 1);
}

}  // namespace perdure::server::testing
