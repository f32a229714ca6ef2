#include "server/frontend/api_server.h"

#include <grpc/grpc.h>
#include <grpcpp/channel.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/proto_buffer_reader.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include "base/limits.h"
#include "base/notification.h"
#include "base/status.h"
#include "google/rpc/status.pb.h"
#include "grpc/health/v1/health.pb.h"
#include "server/frontend/grpc_server.h"
#include "server/frontend/testing/fake_parts.h"
#include "server/metrics/prometheus_metrics.h"
#include "server/wire/wire_server.h"
#include "temporal/api/errordetails/v1/message.pb.h"
#include "temporal/api/history/v1/message.pb.h"

namespace perdure::server::testing {
namespace {

namespace api = temporal::api::workflowservice::v1;

constexpr auto kForEver = std::chrono::system_clock::duration::max();

// A server over fakes on a free port, and a client of it. Each test runs on gRPC's library and on our own
// wire: the one is the other's reference.
struct Ends {
  explicit Ends(ConnectionTimes its_times = {}) : times(its_times) {}

  const ConnectionTimes times;
  const Wire wire = GENERATE(Wire::kGrpc, Wire::kNghttp2);
  FakeNode node;
  PrometheusMetrics metrics;
  EventLoop clock{"clock"};
  LimitsSeen limits{metrics, clock};
  std::unique_ptr<ApiServer> server = *Listen(0);
  std::shared_ptr<grpc::Channel> channel = MakeChannel();
  grpc::GenericStub stub{channel};

  absl::StatusOr<std::unique_ptr<ApiServer>> Listen(int port) {
    if (wire == Wire::kGrpc) {
      return GrpcServer::Listen("127.0.0.1", port, node.methods, node.frontend, node, nullptr, times);
    }
    return WireServer::Listen(
        {.ip = "127.0.0.1", .port = port, .tls = nullptr, .loops = 2, .connections = 0, .times = times},
        node.methods, node.frontend, node, limits, metrics);
  }

  std::shared_ptr<grpc::Channel> MakeChannel() const {
    // The library stays until the process ends: its own end can wait for ever for a thread that writes.
    static std::once_flag once;
    std::call_once(once, grpc_init);
    grpc::ChannelArguments arguments;
    arguments.SetMaxSendMessageSize(-1);
    return grpc::CreateCustomChannel(fmt::format("127.0.0.1:{}", server->port()),
                                     grpc::InsecureChannelCredentials(), arguments);
  }

  template <typename Response>
  grpc::Status Call(const std::string& path, const google::protobuf::Message& request, Response& response,
                    grpc::ClientContext& context,
                    std::chrono::system_clock::duration patience = std::chrono::minutes(1)) {
    const std::string bytes = request.SerializeAsString();
    const grpc::Slice slice(bytes);
    const grpc::ByteBuffer out(&slice, 1);
    grpc::ByteBuffer in;
    grpc::Status status;
    Notification done;
    if (patience != kForEver) context.set_deadline(std::chrono::system_clock::now() + patience);
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
  Ends wire;
  api::GetSystemInfoResponse response;
  REQUIRE(wire.Call("GetSystemInfo", api::GetSystemInfoRequest(), response).ok());
  CHECK(response.server_version() == "1.32.0");
}

TEST_CASE("what is not built says so by its name") {
  Ends wire;
  api::CreateScheduleResponse response;
  const grpc::Status status = wire.Call("CreateSchedule", api::CreateScheduleRequest(), response);
  CHECK(status.error_code() == grpc::StatusCode::UNIMPLEMENTED);
  CHECK(status.error_message() == "CreateSchedule is not implemented.");
}

TEST_CASE("an error carries its details in the trailer") {
  Ends wire;
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
  Ends wire;
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

TEST_CASE("a connection without calls is told to go, and the next call makes another") {
  Ends wire({.age = limits::kWireAge, .idle = absl::Seconds(1)});
  api::GetSystemInfoResponse response;
  REQUIRE(wire.Call("GetSystemInfo", api::GetSystemInfoRequest(), response).ok());
  const auto patience = std::chrono::system_clock::now() + std::chrono::minutes(1);
  CHECK(wire.channel->WaitForStateChange(GRPC_CHANNEL_READY, patience));
  CHECK(wire.Call("GetSystemInfo", api::GetSystemInfoRequest(), response).ok());
}

TEST_CASE("a request over the limit is refused in the words that the core SDK knows") {
  Ends wire;
  api::SignalWorkflowExecutionRequest request;
  request.mutable_input()->add_payloads()->set_data(std::string(4 * 1024 * 1024, 'x'));
  api::SignalWorkflowExecutionResponse response;
  const grpc::Status status = wire.Call("SignalWorkflowExecution", request, response);
  CHECK(status.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED);
  CHECK(status.error_message() ==
        fmt::format("grpc: received message larger than max ({} vs. 4194304)", request.ByteSizeLong()));
}

TEST_CASE("a call that is cancelled before its request came is counted as cancelled") {
  Ends wire;
  // One whose cancellation overtakes its headers is one that the server never sees.
  for (absl::Duration pause = absl::Milliseconds(1); wire.node.Answers().empty(); pause *= 2) {
    grpc::CompletionQueue queue;
    grpc::ClientContext context;
    const auto call =
        wire.stub.PrepareCall(&context, wire.node.methods.Find("StartWorkflowExecution")->path, &queue);
    void* tag = nullptr;
    bool ok = false;
    call->StartCall(nullptr);
    REQUIRE(queue.Next(&tag, &ok));
    absl::SleepFor(pause);
    context.TryCancel();
    grpc::Status status;
    call->Finish(&status, nullptr);
    REQUIRE(queue.Next(&tag, &ok));
  }
  for (const absl::Status& answer : wire.node.Answers()) CHECK(absl::IsCancelled(answer));
}

// A client that does not end the call by itself at the deadline that it told.
TEST_CASE("a call whose deadline passes is answered so, and cancelled") {
  Ends wire;
  api::GetWorkflowExecutionHistoryRequest request;
  request.set_namespace_("default");
  request.mutable_execution()->set_workflow_id("order-1");
  request.set_wait_new_event(true);
  request.set_history_event_filter_type(temporal::api::enums::v1::HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT);
  api::GetWorkflowExecutionHistoryResponse response;
  grpc::ClientContext context;
  context.AddMetadata("grpc-timeout", "200m");
  const grpc::Status status = wire.Call(wire.node.methods.Find("GetWorkflowExecutionHistory")->path, request,
                                        response, context, kForEver);
  CHECK(status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED);
  while (wire.node.Answers().empty()) absl::SleepFor(absl::Milliseconds(1));
  CHECK(absl::IsCancelled(wire.node.Answers().front()));
}

TEST_CASE("a request that has not come when its deadline passes is given up") {
  Ends wire;
  for (const std::string& path : {wire.node.methods.Find("StartWorkflowExecution")->path,
                                  std::string("/grpc.health.v1.Health/Watch")}) {
    grpc::CompletionQueue queue;
    grpc::ClientContext context;
    context.AddMetadata("grpc-timeout", "100m");
    const auto call = wire.stub.PrepareCall(&context, path, &queue);
    void* tag = nullptr;
    bool ok = false;
    call->StartCall(nullptr);
    REQUIRE(queue.Next(&tag, &ok));
    grpc::Status status;
    call->Finish(&status, nullptr);
    REQUIRE(queue.Next(&tag, &ok));
    CHECK(status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED);
  }
}

TEST_CASE("large request headers pass") {
  Ends wire;
  grpc::ClientContext context;
  context.AddMetadata("large", std::string(32 * 1024, 'x'));
  api::GetSystemInfoResponse response;
  CHECK(
      wire.Call(wire.node.methods.Find("GetSystemInfo")->path, api::GetSystemInfoRequest(), response, context)
          .ok());
}

TEST_CASE("a history of many pieces arrives whole") {
  Ends wire;
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
  Ends wire;
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
  Ends wire;
  const auto second = wire.Listen(wire.server->port());
  REQUIRE_FALSE(second.ok());
  CHECK(second.status().message().find("choose another") != std::string::npos);
}

TEST_CASE("reflection answers with the file of a symbol") {
  Ends wire;
  grpc::CompletionQueue queue;
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::minutes(1));
  const auto call = wire.stub.PrepareCall(
      &context, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", &queue);
  void* tag = nullptr;
  bool ok = false;
  call->StartCall(nullptr);
  REQUIRE((queue.Next(&tag, &ok) && ok));
  const std::string symbol = "temporal.api.workflowservice.v1.WorkflowService";
  const grpc::Slice slice(std::string("\x22") + static_cast<char>(symbol.size()) + symbol);
  call->Write(grpc::ByteBuffer(&slice, 1), nullptr);
  REQUIRE((queue.Next(&tag, &ok) && ok));
  grpc::ByteBuffer answer;
  call->Read(&answer, nullptr);
  REQUIRE((queue.Next(&tag, &ok) && ok));
  CHECK(answer.Length() > 10'000);
  call->WritesDone(nullptr);
  REQUIRE((queue.Next(&tag, &ok) && ok));
  grpc::Status status;
  call->Finish(&status, nullptr);
  REQUIRE(queue.Next(&tag, &ok));
  CHECK(status.ok());
}

TEST_CASE("a compressed request is read") {
  Ends wire;
  grpc::ClientContext context;
  context.set_compression_algorithm(GRPC_COMPRESS_GZIP);
  api::SignalWorkflowExecutionRequest request;
  request.set_namespace_("nowhere");
  request.mutable_input()->add_payloads()->set_data(std::string(100'000, 'x'));
  api::SignalWorkflowExecutionResponse response;
  const grpc::Status status =
      wire.Call(wire.node.methods.Find("SignalWorkflowExecution")->path, request, response, context);
  CHECK(status.error_code() == grpc::StatusCode::NOT_FOUND);
}

TEST_CASE("large requests are all read, however many come at once") {
  Ends wire;
  std::vector<std::unique_ptr<grpc::ClientContext>> contexts;
  std::vector<std::unique_ptr<grpc::ByteBuffer>> answers;
  std::atomic<int> refused = 0;
  Notification all;
  constexpr int kCalls = 40;
  api::SignalWorkflowExecutionRequest request;
  request.set_namespace_("nowhere");
  request.mutable_input()->add_payloads()->set_data(std::string(1'900'000, 'x'));
  const grpc::Slice slice(request.SerializeAsString());
  for (int i = 0; i < kCalls; ++i) {
    contexts.push_back(std::make_unique<grpc::ClientContext>());
    answers.push_back(std::make_unique<grpc::ByteBuffer>());
    const grpc::ByteBuffer out(&slice, 1);
    wire.stub.UnaryCall(contexts.back().get(), wire.node.methods.Find("SignalWorkflowExecution")->path, {},
                        &out, answers.back().get(), [&](const grpc::Status& status) {
                          CHECK(status.error_code() == grpc::StatusCode::NOT_FOUND);
                          if (++refused == kCalls) all.Notify();
                        });
  }
  CHECK(all.WaitForNotificationWithTimeout(absl::Seconds(30)));
}

TEST_CASE("a health watch hears of a change") {
  Ends wire;
  grpc::CompletionQueue queue;
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::minutes(1));
  const auto call = wire.stub.PrepareCall(&context, "/grpc.health.v1.Health/Watch", &queue);
  void* tag = nullptr;
  bool ok = false;
  call->StartCall(nullptr);
  REQUIRE((queue.Next(&tag, &ok) && ok));
  const grpc::Slice none;
  call->WriteLast(grpc::ByteBuffer(&none, 1), grpc::WriteOptions(), nullptr);
  REQUIRE((queue.Next(&tag, &ok) && ok));
  for (const auto expected : {::grpc::health::v1::HealthCheckResponse::SERVING,
                              ::grpc::health::v1::HealthCheckResponse::NOT_SERVING}) {
    grpc::ByteBuffer bytes;
    call->Read(&bytes, nullptr);
    REQUIRE((queue.Next(&tag, &ok) && ok));
    ::grpc::health::v1::HealthCheckResponse response;
    grpc::ProtoBufferReader reader(&bytes);
    CHECK(response.ParseFromZeroCopyStream(&reader));
    CHECK(response.status() == expected);
    wire.server->SetHealthy(false);
  }
  context.TryCancel();
  grpc::Status status;
  call->Finish(&status, nullptr);
  REQUIRE(queue.Next(&tag, &ok));
}

TEST_CASE("shutdown ends a call that waits") {
  Ends wire;
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
