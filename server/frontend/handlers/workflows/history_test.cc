// Histories: read by pages, waited for, and carried by polled workflow tasks.
#include <string>

#include <catch2/catch.hpp>

#include "base/notification.h"
#include "server/frontend/handlers/handlers.h"
#include "server/frontend/testing/fake_call.h"
#include "temporal/api/history/v1/message.pb.h"

namespace perdure::server::testing {
namespace {

namespace enums = temporal::api::enums::v1;

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

absl::StatusOr<api::GetWorkflowExecutionHistoryResponse> ReadHistory(
    FakeNode& node, const api::GetWorkflowExecutionHistoryRequest& request = HistoryRequest(),
    CallSettings settings = {}) {
  return DoCall<api::GetWorkflowExecutionHistoryResponse>(node, "GetWorkflowExecutionHistory", request,
                                                          std::move(settings));
}

auto StartPoll(FakeNode& node) {
  api::PollWorkflowTaskQueueRequest request;
  request.set_namespace_("default");
  request.mutable_task_queue()->set_name("orders");
  return StartCall(node, "PollWorkflowTaskQueue", request.SerializeAsString());
}

FakeNode& WithEvents(FakeNode& node, int64_t count, bool open) {
  node.history.position.run_id = node.ids.Mint();
  node.history.position.open = open;
  node.history.position.next_event_id = count + 1;
  return node;
}

}  // namespace

TEST_CASE("a polled workflow task carries its history and the events behind it, and a token that opens") {
  FakeNode node;
  const auto poll = StartPoll(node);
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

TEST_CASE("the pages of a polled workflow task's history end, although the run is open") {
  FakeNode node;
  WithEvents(node, 4, true);
  const auto poll = StartPoll(node);
  const NamespacePtr name_space = *node.namespaces.ByName("default");
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
  const auto last = ReadHistory(node, HistoryRequest(first.next_page_token()));
  REQUIRE(last.ok());
  CHECK(Ids(last->history()) == std::vector<int64_t>{3, 4});
  CHECK(last->next_page_token().empty());
}

TEST_CASE("a history is read page by page") {
  FakeNode node;
  WithEvents(node, 5, false).history.page_events = 2;
  const auto first = ReadHistory(node);
  REQUIRE(first.ok());
  CHECK(Ids(first->history()) == std::vector<int64_t>{1, 2});
  const auto second = ReadHistory(node, HistoryRequest(first->next_page_token()));
  const auto third = ReadHistory(node, HistoryRequest(second->next_page_token()));
  CHECK(Ids(third->history()) == std::vector<int64_t>{5});
  CHECK(third->next_page_token().empty());
}

TEST_CASE("events that came while a history was read by pages stand on its last page") {
  FakeNode node;
  WithEvents(node, 3, true).history.page_events = 2;
  const auto first = ReadHistory(node);
  node.history.position.next_event_id = 5;
  node.history.position.transient_events = FakeHistory::Event(5);
  const auto last = ReadHistory(node, HistoryRequest(first->next_page_token()));
  REQUIRE(last.ok());
  CHECK(Ids(last->history()) == std::vector<int64_t>{3, 4, 5});
}

TEST_CASE("people's clients are not shown transient events") {
  FakeNode node;
  WithEvents(node, 4, true).history.position.transient_events = FakeHistory::Event(5);
  const auto sdk = ReadHistory(node);
  CHECK(sdk->history().events_size() == 5);
  const auto ui =
      ReadHistory(node, HistoryRequest(), {.time_left = absl::Seconds(9), .client_name = "temporal-ui"});
  CHECK(ui->history().events_size() == 4);
}

TEST_CASE("a long poll with its token waits for the next event") {
  FakeNode node;
  WithEvents(node, 3, true);
  auto request = HistoryRequest();
  request.set_wait_new_event(true);
  const auto first = ReadHistory(node, request);
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
  Notification posted;
  node.loop.Post([&] { posted.Notify(); });
  posted.WaitForNotification();
  REQUIRE(gone->answer);
  CHECK(gone->answer->status().code() == absl::StatusCode::kCancelled);
  CHECK(node.history.cancelled_waits == std::vector<uint64_t>{node.history.last_wait});
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
  const auto first = ReadHistory(node);
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

}  // namespace perdure::server::testing
