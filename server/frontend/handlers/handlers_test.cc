#include <cmath>
#include <future>
#include <initializer_list>
#include <limits>
#include <string>

#include <catch2/catch.hpp>

#include "base/limits.h"
#include "base/status.h"
#include "server/frontend/call_errors.h"
#include "server/frontend/handlers/handlers.h"
#include "server/frontend/testing/fake_call.h"

namespace perdure::server::testing {
namespace {

namespace enums = temporal::api::enums::v1;

api::StartWorkflowExecutionRequest StartRequest() {
  api::StartWorkflowExecutionRequest request;
  request.set_namespace_("default");
  request.set_workflow_id("order-1");
  request.mutable_workflow_type()->set_name("Order");
  request.mutable_task_queue()->set_name("orders");
  return request;
}

}  // namespace

TEST_CASE("a namespace must be named, known, and in a state that allows the call") {
  FakeNode node;
  auto request = StartRequest();
  request.clear_namespace_();
  CHECK(ErrorOf(node, "StartWorkflowExecution", request) == "Namespace is empty.");
  request.set_namespace_("nowhere");
  CHECK(ErrorOf(node, "StartWorkflowExecution", request) == "Namespace nowhere is not found.");
  node.namespaces.Add("old", enums::NAMESPACE_STATE_DEPRECATED);
  request.set_namespace_("old");
  CHECK(ErrorOf(node, "StartWorkflowExecution", request) ==
        "Namespace has invalid state: Deprecated. Must be Registered.");
  // Stored by a newer release.
  node.namespaces.Add("newer", static_cast<enums::NamespaceState>(77));
  request.set_namespace_("newer");
  CHECK(ErrorOf(node, "StartWorkflowExecution", request) ==
        "Namespace has invalid state: 77. Must be Registered.");
  api::SignalWorkflowExecutionRequest signal;
  signal.set_namespace_("old");
  CHECK(ErrorOf(node, "SignalWorkflowExecution", signal) == "Execution is not set on request.");
}

TEST_CASE("a start is completed with what the client left out") {
  FakeNode node;
  auto request = StartRequest();
  request.mutable_retry_policy()->set_maximum_attempts(3);
  REQUIRE(ErrorOf(node, "StartWorkflowExecution", request) == "OK");
  const auto& started = node.history.starts.at(0);
  CHECK(started.workflow_id_reuse_policy() == enums::WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE);
  CHECK(started.workflow_id_conflict_policy() == enums::WORKFLOW_ID_CONFLICT_POLICY_FAIL);
  CHECK(started.task_queue().kind() == enums::TASK_QUEUE_KIND_NORMAL);
  CHECK(Uuid::Parse(started.request_id()).has_value());
  CHECK(started.retry_policy().initial_interval().seconds() == 1);
  CHECK(started.retry_policy().maximum_interval().seconds() == 100);
  CHECK(started.retry_policy().backoff_coefficient() == 2);
  CHECK_FALSE(started.has_search_attributes());
}

TEST_CASE("the deprecated reuse policy is the conflict policy that replaced it") {
  FakeNode node;
  auto request = StartRequest();
  request.set_workflow_id_reuse_policy(enums::WORKFLOW_ID_REUSE_POLICY_TERMINATE_IF_RUNNING);
  REQUIRE(ErrorOf(node, "StartWorkflowExecution", request) == "OK");
  CHECK(node.history.starts[0].workflow_id_conflict_policy() ==
        enums::WORKFLOW_ID_CONFLICT_POLICY_TERMINATE_EXISTING);
}

TEST_CASE("search attributes of a start are checked, and their types noted") {
  FakeNode node;
  auto request = StartRequest();
  auto& fields = *request.mutable_search_attributes()->mutable_indexed_fields();
  (*fields["Colour"].mutable_metadata())["encoding"] = "json/plain";
  fields["Colour"].set_data("\"red\"");
  REQUIRE(ErrorOf(node, "StartWorkflowExecution", request) == "OK");
  CHECK(node.history.starts[0].search_attributes().indexed_fields().at("Colour").metadata().at("type") ==
        "Keyword");
  fields["Colour"].set_data("1");
  CHECK(ErrorOf(node, "StartWorkflowExecution", request) ==
        "invalid value for search attribute Colour of type Keyword: 1");
  fields.clear();
  fields["Shape"];
  CHECK(ErrorOf(node, "StartWorkflowExecution", request) ==
        "Namespace default has no mapping defined for search attribute Shape");
}

TEST_CASE("a task token must be there, ours, and of the namespace that is named") {
  FakeNode node;
  node.namespaces.Add("other", enums::NAMESPACE_STATE_REGISTERED);
  api::RespondWorkflowTaskFailedRequest request;
  CHECK(ErrorOf(node, "RespondWorkflowTaskFailed", request) == "Task token not set on request.");
  request.set_task_token("abc");
  CHECK(ErrorOf(node, "RespondWorkflowTaskFailed", request) == "Error deserializing task token.");
  request.set_task_token(node.Token("order-1", node.ids.Mint()));
  request.set_namespace_("other");
  CHECK(ErrorOf(node, "RespondWorkflowTaskFailed", request) ==
        "Operation requested with a token from a different namespace.");
}

TEST_CASE("a token's answer goes to its run") {
  FakeNode node;
  const Uuid run = node.ids.Mint();
  RunRef asked;
  node.history.execute = [&](const RunRef& ref, const engine::workflow::Request&) {
    asked = ref;
    return engine::workflow::Done{.run_id = run};
  };
  api::RespondActivityTaskCompletedRequest request;
  request.set_task_token(node.Token("order-1", run));
  CHECK(ErrorOf(node, "RespondActivityTaskCompleted", request) == "OK");
  CHECK(asked.id == "order-1");
  CHECK(asked.run_id == run);
  CHECK(asked.namespace_id == node.default_namespace->id);
}

TEST_CASE("a poll needs a deadline that is not too near, and waits until a second before it") {
  FakeNode node;
  api::PollWorkflowTaskQueueRequest request;
  request.set_namespace_("default");
  request.mutable_task_queue()->set_name("orders");
  CHECK(ErrorOf(node, "PollWorkflowTaskQueue", request, {.time_left = std::nullopt, .client_name = ""}) ==
        "Context timeout is not set.");
  CHECK(ErrorOf(node, "PollWorkflowTaskQueue", request, {.time_left = absl::Seconds(1), .client_name = ""}) ==
        "Context timeout is too short.");
  const auto poll = StartCall(node, "PollWorkflowTaskQueue", request.SerializeAsString());
  CHECK_FALSE(poll->answer);
  CHECK(node.matching.LastWait() == absl::Seconds(9));
  node.matching.Answer({});
  REQUIRE(poll->answer);
  CHECK((*poll->answer)->empty());
}

TEST_CASE("a poll for Nexus tasks brings heartbeats, and is refused as other polls are") {
  FakeNode node;
  api::PollNexusTaskQueueRequest poll;
  poll.set_namespace_("default");
  poll.mutable_task_queue()->set_name("orders");
  auto& heartbeat = *poll.add_worker_heartbeat();
  heartbeat.set_worker_instance_key("instance");
  heartbeat.set_worker_identity("worker");
  StartCall(node, "PollNexusTaskQueue", poll.SerializeAsString());
  api::DescribeWorkerRequest asked;
  asked.set_namespace_("default");
  asked.set_worker_instance_key("instance");
  const auto described = DoCall<api::DescribeWorkerResponse>(node, "DescribeWorker", asked);
  REQUIRE(described.ok());
  CHECK(described->worker_info().worker_heartbeat().worker_identity() == "worker");
  poll.mutable_worker_version_capabilities()->set_build_id(std::string(300, 'b'));
  CHECK(ErrorOf(node, "PollNexusTaskQueue", poll) ==
        "Build ID exceeds configured limit.workerBuildIdSize, use a shorter build ID.");
  for (int i = 0; i < 20; ++i) heartbeat.add_plugins()->set_name(std::string(900, 'p'));
  CHECK(ErrorOf(node, "PollNexusTaskQueue", poll) == "WorkerHeartbeat exceeds the limit of 16384 bytes.");
}

TEST_CASE("a poll's rate is a number of tasks, its queue no partition and of a kind that has such tasks") {
  FakeNode node;
  api::PollActivityTaskQueueRequest request;
  request.set_namespace_("default");
  request.mutable_task_queue()->set_name("queue");
  const auto error = [&] { return ErrorOf(node, "PollActivityTaskQueue", request); };
  auto& rate = *request.mutable_task_queue_metadata()->mutable_max_tasks_per_second();
  for (const double bad : {-1.0, -1e-300, -std::numeric_limits<double>::infinity(), std::nan("")}) {
    rate.set_value(bad);
    CHECK(error() == "max_tasks_per_second must be a number of tasks, zero or more");
  }
  for (const double good : {0.0, -0.0, 1e-300, 1e300, std::numeric_limits<double>::infinity()}) {
    rate.set_value(good);
    CHECK(error() == "not answered");
  }
  request.mutable_task_queue()->set_name("/_sys/queue/1");
  CHECK(error() == "task queue name cannot start with reserved prefix /_sys/");
  request.mutable_task_queue()->set_name("queue");
  request.mutable_task_queue()->set_normal_name("n");
  const char* normal_name = "only sticky queues can have normal name. tq: queue, normal name: n";
  CHECK(error() == normal_name);
  api::PollNexusTaskQueueRequest nexus;
  nexus.set_namespace_("default");
  *nexus.mutable_task_queue() = request.task_queue();
  CHECK(ErrorOf(node, "PollNexusTaskQueue", nexus) == normal_name);
  api::PollWorkflowTaskQueueRequest workflow;
  workflow.set_namespace_("default");
  *workflow.mutable_task_queue() = request.task_queue();
  CHECK(ErrorOf(node, "PollWorkflowTaskQueue", workflow) == normal_name);
  workflow.mutable_task_queue()->set_kind(enums::TASK_QUEUE_KIND_WORKER_COMMANDS);
  workflow.mutable_task_queue()->clear_normal_name();
  CHECK(ErrorOf(node, "PollWorkflowTaskQueue", workflow) ==
        "worker-commands partitions must have nexus task type, got: Workflow. base name: queue");
}

TEST_CASE("a client that goes away cancels its poll") {
  FakeNode node;
  api::PollActivityTaskQueueRequest request;
  request.set_namespace_("default");
  request.mutable_task_queue()->set_name("orders");
  const auto poll = StartCall(node, "PollActivityTaskQueue", request.SerializeAsString());
  poll->cancel();
  CHECK(node.matching.cancelled() == 1);
}

TEST_CASE("what a poll says that we know nothing of does not wait with it") {
  FakeNode node;
  api::PollActivityTaskQueueRequest known;
  known.set_namespace_("default");
  known.mutable_task_queue()->set_name("orders");
  known.set_identity("worker");
  api::PollActivityTaskQueueRequest sent = known;
  const std::string unknown(4096, 'x');
  for (google::protobuf::Message* whole :
       std::initializer_list<google::protobuf::Message*>{&sent, sent.mutable_task_queue()}) {
    whole->GetReflection()->MutableUnknownFields(whole)->AddLengthDelimited(1000, unknown);
  }
  const auto poll = StartCall(node, "PollActivityTaskQueue", sent.SerializeAsString());
  const auto kept = std::get<ActivityPoll>(node.matching.LastPoll().poll).request;
  CHECK(kept.identity() == "worker");
  CHECK(kept.ByteSizeLong() < known.ByteSizeLong() + 100);
}

TEST_CASE("an activity whose poll's client went away meanwhile is given back; one that was sent is not") {
  FakeNode node;
  std::vector<std::string> returned;
  node.history.execute = [&](const RunRef& run, const engine::workflow::Request& request) {
    returned.push_back(run.id);
    CHECK(std::get<engine::workflow::ReturnActivityTask>(request).token.start_nonce() == "nonce");
    return engine::workflow::Reply();
  };
  api::PollActivityTaskQueueRequest request;
  request.set_namespace_("default");
  request.mutable_task_queue()->set_name("orders");
  engine::workflow::ActivityTaskReply task;
  task.token.set_workflow_id("order-1");
  task.token.set_start_nonce("nonce");

  const auto poll = StartCall(node, "PollActivityTaskQueue", request.SerializeAsString());
  node.matching.Answer({.task = task});
  REQUIRE(poll->answer);
  CHECK(returned.empty());

  const auto lost = StartCall(node, "PollActivityTaskQueue", request.SerializeAsString());
  auto matched = node.matching.Take();
  lost->cancel();
  CHECK(returned.empty());
  std::move(matched)(PolledTask{task});
  CHECK(returned == std::vector<std::string>{"order-1"});
}

TEST_CASE("an activity that cannot be given back while the shards move is given back after that") {
  FakeNode node;
  int asked = 0;
  std::promise<std::string> returned;
  node.history.execute = [&](const RunRef& run,
                             const engine::workflow::Request&) -> absl::StatusOr<engine::workflow::Reply> {
    if (++asked == 1) return Unavailable("the shard is being taken over");
    returned.set_value(run.id);
    return engine::workflow::Reply();
  };
  api::PollActivityTaskQueueRequest request;
  request.set_namespace_("default");
  request.mutable_task_queue()->set_name("orders");
  engine::workflow::ActivityTaskReply task;
  task.token.set_workflow_id("order-1");
  const auto lost = StartCall(node, "PollActivityTaskQueue", request.SerializeAsString());
  auto matched = node.matching.Take();
  lost->cancel();
  std::move(matched)(PolledTask{task});
  CHECK(returned.get_future().get() == "order-1");
  std::promise<void> over;  // what asked has gone from the loop
  node.loop.Post([&over] { over.set_value(); });
  over.get_future().get();
}

TEST_CASE("a list's page token goes with its filter") {
  FakeNode node;
  persistence::VisibilityRow row;
  row.row.id = "order-1";
  row.row.start_time = absl::FromUnixSeconds(5);
  node.visibility.page = {.rows = {row}, .more = true};
  api::ListWorkflowExecutionsRequest request;
  request.set_namespace_("default");
  request.set_query("WorkflowType = 'Order'");
  const auto first = DoCall<api::ListWorkflowExecutionsResponse>(node, "ListWorkflowExecutions", request);
  REQUIRE(first.ok());
  request.set_next_page_token(first->next_page_token());
  REQUIRE(DoCall<api::ListWorkflowExecutionsResponse>(node, "ListWorkflowExecutions", request).ok());
  CHECK(node.visibility.asked.at(1).after->start_time == absl::FromUnixSeconds(5));
  CHECK(node.visibility.asked.at(1).page_size == limits::kListPage);
  CHECK(node.visibility.asked.at(1).max_bytes == limits::kListPageBytes);
  request.set_query("WorkflowType = 'Other'");
  CHECK(ErrorOf(node, "ListWorkflowExecutions", request) == "Invalid NextPageToken.");
}

TEST_CASE("counts may be grouped by status") {
  FakeNode node;
  node.visibility.groups = {{.status = 1, .count = 2}, {.status = 7, .count = 3}};
  api::CountWorkflowExecutionsRequest request;
  request.set_namespace_("default");
  request.set_query("GROUP BY ExecutionStatus");
  const auto counted = DoCall<api::CountWorkflowExecutionsResponse>(node, "CountWorkflowExecutions", request);
  REQUIRE(counted.ok());
  CHECK(counted->count() == 5);
  CHECK(counted->groups(1).group_values(0).data() == "\"TimedOut\"");
}

TEST_CASE("a request that cannot be parsed is refused, and is no fault of ours") {
  FakeNode node;
  const auto outcome = StartCall(node, "GetSystemInfo", "\xff\xff\xff");
  REQUIRE(outcome->answer);
  const absl::Status refused = outcome->answer->status();
  CHECK(refused.code() == absl::StatusCode::kInternal);
  CHECK(StatusDetailsTrailer(refused) == StatusDetailsTrailer(absl::InternalError(refused.message())));
  CHECK_FALSE(IsServersFault(node.Answers().at(0)));
  CHECK_FALSE(IsServersFailure(node.Answers().at(0)));
}

}  // namespace perdure::server::testing
