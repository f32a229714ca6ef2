#include <string>

#include <catch2/catch.hpp>

#include "absl/synchronization/notification.h"
#include "base/limits.h"
#include "base/status.h"
#include "server/frontend/handlers/handlers.h"
#include "server/frontend/testing/fake_call.h"
#include "temporal/api/history/v1/message.pb.h"

namespace perdure::server::testing {
namespace {

namespace enums = temporal::api::enums::v1;

template <typename Request>
std::string ErrorOf(FakeNode& node, std::string_view method, const Request& request,
                    CallSettings settings = {}) {
  const auto outcome = StartCall(node, method, request.SerializeAsString(), std::move(settings));
  if (!outcome->answer) return "not answered";
  return outcome->answer->ok() ? "OK" : std::string(outcome->answer->status().message());
}

api::StartWorkflowExecutionRequest StartRequest() {
  api::StartWorkflowExecutionRequest request;
  request.set_namespace_("default");
  request.set_workflow_id("order-1");
  request.mutable_workflow_type()->set_name("Order");
  request.mutable_task_queue()->set_name("orders");
  return request;
}

api::GetWorkflowExecutionHistoryRequest HistoryRequest(std::string page = "") {
  api::GetWorkflowExecutionHistoryRequest request;
  request.set_namespace_("default");
  request.mutable_execution()->set_workflow_id("order-1");
  request.set_next_page_token(std::move(page));
  return request;
}

std::vector<int64_t> Ids(const temporal::api::history::v1::History& history) {
  std::vector<int64_t> ids;
  for (const auto& event : history.events()) ids.push_back(event.event_id());
  return ids;
}

FakeNode& WithEvents(FakeNode& node, int64_t count, bool open) {
  node.history.position.run_id = node.ids.Mint();
  node.history.position.open = open;
  node.history.position.next_event_id = count + 1;
  return node;
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
  CHECK(asked.workflow_id == "order-1");
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

TEST_CASE("a client that goes away cancels its poll") {
  FakeNode node;
  api::PollActivityTaskQueueRequest request;
  request.set_namespace_("default");
  request.mutable_task_queue()->set_name("orders");
  const auto poll = StartCall(node, "PollActivityTaskQueue", request.SerializeAsString());
  poll->cancel();
  CHECK(node.matching.cancelled() == 1);
}

TEST_CASE("the pages of a polled workflow task's history end, although the run is open") {
  FakeNode node;
  WithEvents(node, 4, true);
  api::PollWorkflowTaskQueueRequest request;
  request.set_namespace_("default");
  request.mutable_task_queue()->set_name("orders");
  const auto poll = StartCall(node, "PollWorkflowTaskQueue", request.SerializeAsString());
  const NamespacePtr name_space = node.namespaces.Snapshot()->by_name.at("default");
  engine::workflow::WorkflowTaskReply task;
  task.token.set_namespace_id(std::string(name_space->id.View()));
  task.token.set_workflow_id("order-1");
  task.token.set_run_id(std::string(node.history.position.run_id.View()));
  task.history = FakeHistory::Event(1) + FakeHistory::Event(2);
  task.history_to = 4;
  task.next_page_from = 3;
  node.matching.Answer({.task = std::move(task)});
  api::PollWorkflowTaskQueueResponse first;
  REQUIRE(first.ParseFromString(**poll->answer));
  const auto last = DoCall<api::GetWorkflowExecutionHistoryResponse>(node, "GetWorkflowExecutionHistory",
                                                                     HistoryRequest(first.next_page_token()));
  REQUIRE(last.ok());
  CHECK(Ids(last->history()) == std::vector<int64_t>{3, 4});
  CHECK(last->next_page_token().empty());
}

TEST_CASE("an activity whose poll's client went away meanwhile is given back; one that was sent is not") {
  FakeNode node;
  std::vector<std::string> returned;
  node.history.execute = [&](const RunRef& run, const engine::workflow::Request& request) {
    returned.push_back(run.workflow_id);
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

TEST_CASE("a polled workflow task carries its history and the events behind it, and a token that opens") {
  FakeNode node;
  api::PollWorkflowTaskQueueRequest request;
  request.set_namespace_("default");
  request.mutable_task_queue()->set_name("orders");
  const auto poll = StartCall(node, "PollWorkflowTaskQueue", request.SerializeAsString());
  engine::workflow::WorkflowTaskReply task;
  task.response.set_attempt(1);
  task.token.set_workflow_id("order-1");
  task.history = FakeHistory::Event(1) + FakeHistory::Event(2);
  task.tail = FakeHistory::Event(3);
  node.matching.Answer({.task = std::move(task)});
  REQUIRE(poll->answer);
  api::PollWorkflowTaskQueueResponse response;
  REQUIRE(response.ParseFromString(**poll->answer));
  CHECK(Ids(response.history()) == std::vector<int64_t>{1, 2, 3});
  TaskToken token;
  CHECK(node.tokens.Open(TokenKind::kTask, response.task_token(), token));
  CHECK(token.workflow_id() == "order-1");
}

TEST_CASE("a history is read page by page") {
  FakeNode node;
  WithEvents(node, 5, false).history.page_events = 2;
  const auto first =
      DoCall<api::GetWorkflowExecutionHistoryResponse>(node, "GetWorkflowExecutionHistory", HistoryRequest());
  REQUIRE(first.ok());
  CHECK(Ids(first->history()) == std::vector<int64_t>{1, 2});
  const auto second = DoCall<api::GetWorkflowExecutionHistoryResponse>(
      node, "GetWorkflowExecutionHistory", HistoryRequest(first->next_page_token()));
  const auto third = DoCall<api::GetWorkflowExecutionHistoryResponse>(
      node, "GetWorkflowExecutionHistory", HistoryRequest(second->next_page_token()));
  CHECK(Ids(third->history()) == std::vector<int64_t>{5});
  CHECK(third->next_page_token().empty());
}

TEST_CASE("events that came while a history was read by pages stand on its last page") {
  FakeNode node;
  WithEvents(node, 3, true).history.page_events = 2;
  const auto first =
      DoCall<api::GetWorkflowExecutionHistoryResponse>(node, "GetWorkflowExecutionHistory", HistoryRequest());
  node.history.position.next_event_id = 5;
  node.history.position.transient_events = FakeHistory::Event(5);
  const auto last = DoCall<api::GetWorkflowExecutionHistoryResponse>(
      node, "GetWorkflowExecutionHistory", HistoryRequest(first->next_page_token()));
  REQUIRE(last.ok());
  CHECK(Ids(last->history()) == std::vector<int64_t>{3, 4, 5});
}

TEST_CASE("people's clients are not shown transient events") {
  FakeNode node;
  WithEvents(node, 4, true).history.position.transient_events = FakeHistory::Event(5);
  const auto sdk =
      DoCall<api::GetWorkflowExecutionHistoryResponse>(node, "GetWorkflowExecutionHistory", HistoryRequest());
  CHECK(sdk->history().events_size() == 5);
  const auto ui = DoCall<api::GetWorkflowExecutionHistoryResponse>(
      node, "GetWorkflowExecutionHistory", HistoryRequest(),
      {.time_left = absl::Seconds(9), .client_name = "temporal-ui"});
  CHECK(ui->history().events_size() == 4);
}

TEST_CASE("a long poll with its token waits for the next event") {
  FakeNode node;
  WithEvents(node, 3, true);
  auto request = HistoryRequest();
  request.set_wait_new_event(true);
  const auto first =
      DoCall<api::GetWorkflowExecutionHistoryResponse>(node, "GetWorkflowExecutionHistory", request);
  REQUIRE(first.ok());
  CHECK(Ids(first->history()) == std::vector<int64_t>{1, 2, 3});
  request.set_next_page_token(first->next_page_token());
  const auto waiting = StartCall(node, "GetWorkflowExecutionHistory", request.SerializeAsString());
  CHECK_FALSE(waiting->answer);
  node.history.position.next_event_id = 6;
  std::move(node.history.waiting.at(0))(node.history.position);
  REQUIRE(waiting->answer);
  api::GetWorkflowExecutionHistoryResponse response;
  REQUIRE(response.ParseFromString(**waiting->answer));
  CHECK(Ids(response.history()) == std::vector<int64_t>{4, 5});
}

TEST_CASE("the close event alone is answered when the run has closed") {
  FakeNode node;
  WithEvents(node, 3, true);
  auto request = HistoryRequest();
  request.set_wait_new_event(true);
  request.set_history_event_filter_type(enums::HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT);
  const auto waiting = StartCall(node, "GetWorkflowExecutionHistory", request.SerializeAsString());
  node.history.position.open = false;
  std::move(node.history.waiting.at(0))(node.history.position);
  REQUIRE(waiting->answer);
  api::GetWorkflowExecutionHistoryResponse response;
  REQUIRE(response.ParseFromString(**waiting->answer));
  CHECK(Ids(response.history()) == std::vector<int64_t>{3});
  CHECK(response.next_page_token().empty());
}

TEST_CASE("a stopping server and a client that is gone end a history long poll at once") {
  FakeNode node;
  WithEvents(node, 3, true);
  auto request = HistoryRequest();
  request.set_history_event_filter_type(enums::HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT);
  const auto gone = StartCall(node, "GetWorkflowExecutionHistory", request.SerializeAsString());
  gone->cancel();
  absl::Notification posted;
  node.loop.Post([&] { posted.Notify(); });
  posted.WaitForNotification();
  REQUIRE(gone->answer);
  CHECK(gone->answer->status().code() == absl::StatusCode::kCancelled);
  const auto drained = StartCall(node, "GetWorkflowExecutionHistory", request.SerializeAsString());
  node.frontend.parked.Drain();
  REQUIRE(drained->answer);
  CHECK(drained->answer->status().code() == absl::StatusCode::kUnavailable);
  // What history says later finds nobody.
  for (auto& waiting : node.history.waiting) std::move(waiting)(node.history.position);
}

TEST_CASE("a page token of another kind, run or namespace is refused") {
  FakeNode node;
  WithEvents(node, 5, false).history.page_events = 2;
  CHECK(ErrorOf(node, "GetWorkflowExecutionHistory", HistoryRequest("abc")) == "Invalid NextPageToken.");
  const auto first =
      DoCall<api::GetWorkflowExecutionHistoryResponse>(node, "GetWorkflowExecutionHistory", HistoryRequest());
  auto request = HistoryRequest(first->next_page_token());
  request.mutable_execution()->set_run_id(node.ids.Mint().ToString());
  CHECK(ErrorOf(node, "GetWorkflowExecutionHistory", request) ==
        "RunId in the request does not match the NextPageToken.");
  node.namespaces.Add("other", enums::NAMESPACE_STATE_REGISTERED);
  request = HistoryRequest(first->next_page_token());
  request.set_namespace_("other");
  CHECK(ErrorOf(node, "GetWorkflowExecutionHistory", request) == "Invalid NextPageToken.");
}

TEST_CASE("a history is read backwards") {
  FakeNode node;
  WithEvents(node, 3, false).history.page_events = 2;
  api::GetWorkflowExecutionHistoryReverseRequest request;
  request.set_namespace_("default");
  request.mutable_execution()->set_workflow_id("order-1");
  const auto first = DoCall<api::GetWorkflowExecutionHistoryReverseResponse>(
      node, "GetWorkflowExecutionHistoryReverse", request);
  CHECK(Ids(first->history()) == std::vector<int64_t>{3, 2});
  request.set_next_page_token(first->next_page_token());
  const auto second = DoCall<api::GetWorkflowExecutionHistoryReverseResponse>(
      node, "GetWorkflowExecutionHistoryReverse", request);
  CHECK(Ids(second->history()) == std::vector<int64_t>{1});
  CHECK(second->next_page_token().empty());
}

TEST_CASE("a list's page token goes with its filter") {
  FakeNode node;
  persistence::VisibilityRow row;
  row.row.workflow_id = "order-1";
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

TEST_CASE("a request that cannot be parsed is refused") {
  FakeNode node;
  const auto outcome = StartCall(node, "GetSystemInfo", "\xff\xff\xff");
  REQUIRE(outcome->answer);
  CHECK(outcome->answer->status().code() == absl::StatusCode::kInternal);
}

TEST_CASE("namespaces are registered, changed within the rules, and listed by pages") {
  FakeNode node;
  api::RegisterNamespaceRequest registration;
  registration.set_namespace_("orders");
  CHECK(ErrorOf(node, "RegisterNamespace", registration) ==
        "A valid retention period is not set on request.");
  registration.mutable_workflow_execution_retention_period()->set_seconds(7200);
  CHECK(ErrorOf(node, "RegisterNamespace", registration) == "OK");
  CHECK(ErrorOf(node, "RegisterNamespace", registration) == "Namespace \"orders\" already exists");
  api::UpdateNamespaceRequest update;
  update.set_namespace_("orders");
  update.mutable_update_info()->set_state(enums::NAMESPACE_STATE_DELETED);
  CHECK(ErrorOf(node, "UpdateNamespace", update) == "OK");
  update.mutable_update_info()->set_state(enums::NAMESPACE_STATE_REGISTERED);
  CHECK(ErrorOf(node, "UpdateNamespace", update) == "Invalid namespace state update.");
  api::ListNamespacesRequest list;
  list.set_page_size(1);
  list.mutable_namespace_filter()->set_include_deleted(true);
  const auto first = DoCall<api::ListNamespacesResponse>(node, "ListNamespaces", list);
  REQUIRE(first.ok());
  CHECK(first->namespaces(0).namespace_info().name() == "default");
  list.set_next_page_token(first->next_page_token());
  const auto second = DoCall<api::ListNamespacesResponse>(node, "ListNamespaces", list);
  CHECK(second->namespaces(0).namespace_info().name() == "orders");
  CHECK(second->next_page_token().empty());
}

}  // namespace perdure::server::testing
