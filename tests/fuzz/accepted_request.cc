// What was accepted can be read again: whatever requests a client sends, the log of the run that took them
// folds to the run's state, as it does after a restart, and all clients can parse what answers make of it.
//
// The input is a list of steps: a byte that picks the method, two that say how long its request is, the
// request. Requests go through the frontend's handlers, which fill in no more than what a client must know of
// the server: namespace, ids, queue and task token.

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "base/time.h"
#include "engine/workflow/workflow.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "server/frontend/testing/fake_call.h"

namespace {

namespace workflow = perdure::engine::workflow;
using perdure::server::TaskToken;
using perdure::server::testing::FakeNode;

constexpr char kWorkflow[] = "order";
constexpr char kActivity[] = "activity";
// Levels of a history's answer above its events' list (base/nesting.h), in the deepest answer that has one.
constexpr int kAboveAHistory = 5;
constexpr int kClientsLimit = 100;

// One run, its log, and whether the two still agree.
class Run {
 public:
  Run() : random_(perdure::NewSeededRandom(1)) {}

  bool started() const { return state_.has_value(); }

  void Start(workflow::api::StartWorkflowExecutionRequest request) {
    workflow::StartDecision decision =
        workflow::DecideStart(nullptr, {std::move(request), perdure::Uuid::Mint(*random_)}, Context());
    if (!decision.state) return;
    state_ = *std::move(decision.state);
    folded_.emplace();
    Fold(decision.records);
  }

  absl::StatusOr<workflow::Reply> Execute(const workflow::Request& request) {
    workflow::Decision decision = workflow::Decide(*std::move(state_), request, Context());
    state_ = std::move(decision.state);
    Fold(decision.records);
    return std::move(decision.reply);
  }

  // Hands out what waits, so that the next request may be a worker's.
  void HandOut() {
    for (const auto& dispatch : workflow::ObligationsOf(*state_).dispatches) {
      if (dispatch.scheduled_time > now_) continue;
      if (dispatch.kind == perdure::engine::TaskKind::kWorkflow) {
        Keep(Execute(workflow::StartWorkflowTask{dispatch.scheduled_event_id,
                                                 dispatch.attempt,
                                                 "poll",
                                                 "worker",
                                                 dispatch.task_queue,
                                                 false,
                                                 {}}));
      } else {
        Keep(Execute(workflow::StartActivityTask{
            dispatch.scheduled_event_id, dispatch.attempt, "poll", "worker", {}}));
      }
    }
  }

  void Wait() {
    now_ += absl::Seconds(1);
    Keep(Execute(workflow::FireTimers{}));
  }

  const std::optional<TaskToken>& workflow_task() const { return workflow_task_; }
  const std::optional<TaskToken>& activity_task() const { return activity_task_; }

 private:
  perdure::engine::Context Context() { return {now_, *random_, settings_}; }

  void Keep(const absl::StatusOr<workflow::Reply>& reply) {
    if (!reply.ok()) return;
    if (const auto* task = std::get_if<workflow::WorkflowTaskReply>(&*reply)) workflow_task_ = task->token;
    if (const auto* task = std::get_if<workflow::ActivityTaskReply>(&*reply)) activity_task_ = task->token;
  }

  void Fold(const std::vector<perdure::engine::Record>& records) {
    for (const perdure::engine::Record& record : records) {
      const absl::Status applied = workflow::Apply(*folded_, record);
      PERDURE_CHECK(applied.ok(), std::string(applied.message()));
      Parse<temporal::api::history::v1::History>(record.events, kClientsLimit - kAboveAHistory);
    }
    const std::string snapshot = workflow::EncodeSnapshot(*state_);
    PERDURE_CHECK(workflow::EncodeSnapshot(*folded_) == snapshot, "the log folds to another state");
    PERDURE_CHECK(workflow::DecodeSnapshot(snapshot).ok(), "a snapshot does not decode");
    Parse<workflow::api::DescribeWorkflowExecutionResponse>(
        workflow::Describe(*state_, now_).SerializeAsString(), kClientsLimit);
  }

  template <typename Message>
  static void Parse(const std::string& bytes, int levels) {
    Message message;
    const auto source = [&](absl::FunctionRef<bool(google::protobuf::io::ZeroCopyInputStream&)> read) {
      google::protobuf::io::ArrayInputStream stream(bytes.data(), static_cast<int>(bytes.size()));
      return read(stream);
    };
    PERDURE_CHECK(perdure::ParseWithin(levels, source, message), "a client cannot parse an answer");
  }

  std::unique_ptr<perdure::Random> random_;
  perdure::engine::NamespaceSettings settings_;
  absl::Time now_ = absl::FromUnixSeconds(1'900'000'000);
  std::optional<workflow::State> state_;
  std::optional<workflow::State> folded_;
  std::optional<TaskToken> workflow_task_;
  std::optional<TaskToken> activity_task_;
};

constexpr std::string_view kMethods[] = {"SignalWorkflowExecution",        "RespondWorkflowTaskCompleted",
                                         "RespondWorkflowTaskFailed",      "RespondActivityTaskCompleted",
                                         "RespondActivityTaskFailed",      "RespondActivityTaskFailedById",
                                         "RespondActivityTaskCanceled",    "RecordActivityTaskHeartbeat",
                                         "RequestCancelWorkflowExecution", "TerminateWorkflowExecution"};

void SetText(google::protobuf::Message& request, const char* name, const std::string& value) {
  const auto* field = request.GetDescriptor()->FindFieldByName(name);
  if (field != nullptr) request.GetReflection()->SetString(&request, field, value);
}

void FillIn(const FakeNode& node, const Run& run, std::string_view method,
            google::protobuf::Message& request) {
  SetText(request, "namespace", "default");
  SetText(request, "workflow_id", kWorkflow);
  SetText(request, "run_id", "");
  SetText(request, "activity_id", kActivity);
  if (const auto* field = request.GetDescriptor()->FindFieldByName("workflow_execution")) {
    google::protobuf::Message& execution = *request.GetReflection()->MutableMessage(&request, field);
    SetText(execution, "workflow_id", kWorkflow);
    SetText(execution, "run_id", "");
  }
  std::optional<TaskToken> token =
      method.find("Activity") == std::string_view::npos ? run.workflow_task() : run.activity_task();
  if (!token) return;
  token->set_namespace_id(std::string(node.default_namespace->id.View()));
  SetText(request, "task_token", node.tokens.Seal(perdure::server::TokenKind::kTask, *token));
}

// Takes the next step's request off the input.
std::string_view Take(std::string_view& input) {
  if (input.size() < 2) return {};
  const size_t size = static_cast<uint8_t>(input[0]) << 8 | static_cast<uint8_t>(input[1]);
  input.remove_prefix(2);
  const std::string_view taken = input.substr(0, size);
  input.remove_prefix(taken.size());
  return taken;
}

// The request with what a client must know of the server; unparsable bytes go as they are.
std::string Serialized(const FakeNode& node, const Run& run, std::string_view method,
                       std::string_view bytes) {
  const std::unique_ptr<google::protobuf::Message> request(
      google::protobuf::MessageFactory::generated_factory()
          ->GetPrototype(node.methods.Find(method)->descriptor->input_type())
          ->New());
  if (!perdure::ParseStored(bytes, *request)) return std::string(bytes);
  FillIn(node, run, method, *request);
  return request->SerializeAsString();
}

void Start(FakeNode& node, Run& run, std::string_view bytes) {
  workflow::api::StartWorkflowExecutionRequest request;
  if (!request.ParseFromString(Serialized(node, run, "StartWorkflowExecution", bytes))) request.Clear();
  request.set_namespace_("default");
  request.set_workflow_id(kWorkflow);
  request.mutable_workflow_type()->set_name("Order");
  request.mutable_task_queue()->set_name("orders");
  node.history.starts.clear();
  perdure::server::testing::StartCall(node, "StartWorkflowExecution", request.SerializeAsString());
  if (!node.history.starts.empty()) run.Start(node.history.starts.front());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static FakeNode node;
  std::string_view input(reinterpret_cast<const char*>(data), size);
  Run run;
  Start(node, run, Take(input));
  if (!run.started()) return 0;
  node.history.execute = [&](const perdure::server::RunRef&, const workflow::Request& request) {
    return run.Execute(request);
  };
  while (!input.empty()) {
    run.HandOut();
    const std::string_view method = kMethods[static_cast<uint8_t>(input.front()) % std::size(kMethods)];
    input.remove_prefix(1);
    const std::string request = Serialized(node, run, method, Take(input));
    perdure::server::testing::StartCall(node, method, request);
    run.Wait();
  }
  return 0;
}
