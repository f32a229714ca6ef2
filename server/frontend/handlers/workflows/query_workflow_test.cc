// A query on its way: what the run says, where a worker is asked, and what the client gets.
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include <catch2/catch.hpp>

#include "base/limits.h"
#include "base/notification.h"
#include "base/status.h"
#include "server/frontend/handlers/handlers.h"
#include "server/frontend/testing/fake_call.h"
#include "temporal/api/errordetails/v1/message.pb.h"

namespace perdure::server::testing {
namespace {

namespace workflow = engine::workflow;
namespace query_enums = temporal::api::enums::v1;

api::QueryWorkflowRequest AskFor(const std::string& type) {
  api::QueryWorkflowRequest request;
  request.set_namespace_("default");
  request.mutable_execution()->set_workflow_id("order-1");
  request.mutable_query()->set_query_type(type);
  return request;
}

std::shared_ptr<Outcome> Query(FakeNode& node, CallSettings settings = {}) {
  return StartCall(node, "QueryWorkflow", AskFor("state").SerializeAsString(), std::move(settings));
}

// The run says that a worker answers, on these queues; `sticky` empty: no sticky one.
void RunDispatches(FakeNode& node, const std::string& sticky, bool open = true) {
  node.history.ask = [sticky, open](const RunRef&, const workflow::Request& request,
                                    absl::Duration) -> absl::StatusOr<engine::ReplyPtr> {
    REQUIRE(std::holds_alternative<workflow::Query>(request));
    workflow::QueryDispatch dispatch;
    dispatch.run_id = *Uuid::Parse("99999999-2222-4333-8444-555555555555");
    dispatch.open = open;
    dispatch.task_queue = "queue";
    dispatch.sticky_queue = sticky;
    dispatch.sticky_timeout = absl::Seconds(5);
    return std::make_unique<workflow::WorkflowReply>(std::move(dispatch));
  };
}

// Counts resets of stickiness, and answers them.
void TakeResets(FakeNode& node, int& resets, absl::Status status = absl::OkStatus()) {
  node.history.execute = [&resets, status = std::move(status)](
                             const RunRef&,
                             const workflow::Request& request) -> absl::StatusOr<workflow::Reply> {
    CHECK(std::get<workflow::ResetSticky>(request).rides);
    ++resets;
    if (!status.ok()) return status;
    return workflow::Reply(workflow::Done{});
  };
}

void WorkerSays(FakeNode& node, size_t n, absl::StatusOr<QueryAnswer> answer) {
  REQUIRE(node.matching.asked.size() > n);
  std::move(node.matching.asked[n])(std::move(answer));
}

QueryAnswer Saying(const std::string& data) {
  QueryAnswer answer;
  answer.answer.emplace();
  answer.answer->set_completed_type(query_enums::QUERY_RESULT_TYPE_ANSWERED);
  answer.answer->mutable_query_result()->add_payloads()->set_data(data);
  return answer;
}

std::string DataOf(const Outcome& outcome) {
  REQUIRE(outcome.answer.has_value());
  REQUIRE(outcome.answer->ok());
  api::QueryWorkflowResponse response;
  REQUIRE(response.ParseFromString(**outcome.answer));
  return response.query_result().payloads(0).data();
}

absl::Status StatusOf(const Outcome& outcome) {
  REQUIRE(outcome.answer.has_value());
  return outcome.answer->status();
}

}  // namespace

TEST_CASE("what a query must say") {
  FakeNode node;
  api::QueryWorkflowRequest request = AskFor("");
  CHECK(ErrorOf(node, "QueryWorkflow", request) == "QueryType is not set on request.");
  request.clear_query();
  CHECK(ErrorOf(node, "QueryWorkflow", request) == "WorkflowQuery is not set on request.");
  request = AskFor("state");
  request.mutable_query()->mutable_query_args()->add_payloads()->set_data(
      std::string(limits::kBlobSize + 1, 'x'));
  CHECK(ErrorOf(node, "QueryWorkflow", request) == "Blob data size exceeds limit.");
}

TEST_CASE("a run that answers by itself does") {
  FakeNode node;
  node.history.ask = [](const RunRef& run, const workflow::Request& request,
                        absl::Duration wait) -> absl::StatusOr<engine::ReplyPtr> {
    CHECK(run.id == "order-1");
    CHECK_FALSE(std::get<workflow::Query>(request).id.empty());
    CHECK(wait <= absl::Seconds(10));
    workflow::QueryReply reply;
    reply.response.mutable_query_result()->add_payloads()->set_data("42");
    return std::make_unique<workflow::WorkflowReply>(std::move(reply));
  };
  CHECK(DataOf(*Query(node)) == "42");
  CHECK(node.matching.queries.empty());
}

TEST_CASE("a run that does not answer in time, or says no") {
  FakeNode node;
  node.history.ask = [](const RunRef&, const workflow::Request&,
                        absl::Duration) -> absl::StatusOr<engine::ReplyPtr> { return engine::ReplyPtr(); };
  const absl::Status late = StatusOf(*Query(node));
  CHECK(absl::IsDeadlineExceeded(late));
  CHECK(late.message() == "query timed out before a worker could process it");
  node.history.ask = [](const RunRef&, const workflow::Request&,
                        absl::Duration) -> absl::StatusOr<engine::ReplyPtr> {
    return WorkflowNotReady("not yet");
  };
  CHECK(StatusOf(*Query(node)).message() == "not yet");
}

TEST_CASE("a query waits no longer than the server's limit") {
  FakeNode node;
  RunDispatches(node, "");
  const auto outcome = Query(node, {.time_left = std::nullopt, .client_name = {}});
  CHECK(node.matching.queries.at(0).wait <= limits::kQueryTime);
  WorkerSays(node, 0, Saying("42"));
}

TEST_CASE("a worker on the run's queue answers") {
  FakeNode node;
  RunDispatches(node, "");
  const auto outcome = Query(node);
  REQUIRE(node.matching.queries.size() == 1);
  const QueryTask& asked = node.matching.queries[0];
  CHECK(asked.task_queue == "queue");
  CHECK_FALSE(asked.sticky);
  CHECK(asked.query.query_type() == "state");
  CHECK(asked.run.run_id.has_value());
  WorkerSays(node, 0, Saying("42"));
  CHECK(DataOf(*outcome) == "42");
}

TEST_CASE("a worker's failure is the client's error") {
  FakeNode node;
  RunDispatches(node, "");
  const auto outcome = Query(node);
  QueryAnswer failed;
  failed.answer.emplace();
  failed.answer->set_completed_type(query_enums::QUERY_RESULT_TYPE_FAILED);
  failed.answer->set_error_message("no such query");
  failed.answer->mutable_failure()->set_message("why");
  WorkerSays(node, 0, failed);
  const absl::Status status = StatusOf(*outcome);
  CHECK(absl::IsInvalidArgument(status));
  CHECK(status.message() == "no such query");
  CHECK(status.GetPayload("type.googleapis.com/temporal.api.errordetails.v1.QueryFailedFailure").has_value());
}

TEST_CASE("an answer of no kind is a fault") {
  FakeNode node;
  RunDispatches(node, "");
  const auto outcome = Query(node);
  QueryAnswer answer;
  answer.answer.emplace();
  WorkerSays(node, 0, answer);
  CHECK(absl::IsInternal(StatusOf(*outcome)));
}

TEST_CASE("the sticky worker is asked first, and for its timeout") {
  FakeNode node;
  RunDispatches(node, "sticky");
  const auto outcome = Query(node);
  REQUIRE(node.matching.queries.size() == 1);
  CHECK(node.matching.queries[0].task_queue == "sticky");
  CHECK(node.matching.queries[0].sticky);
  CHECK(node.matching.queries[0].wait == absl::Seconds(5));
  WorkerSays(node, 0, Saying("42"));
  CHECK(DataOf(*outcome) == "42");
}

TEST_CASE("a sticky worker that is gone or silent gives way to the run's own queue") {
  FakeNode node;
  RunDispatches(node, "sticky");
  int resets = 0;
  TakeResets(node, resets);
  const auto outcome = Query(node);
  SECTION("gone") { WorkerSays(node, 0, QueryAnswer{}); }
  SECTION("silent") { WorkerSays(node, 0, absl::DeadlineExceededError("too late")); }
  CHECK(resets == 1);
  REQUIRE(node.matching.queries.size() == 2);
  CHECK(node.matching.queries[1].task_queue == "queue");
  CHECK_FALSE(node.matching.queries[1].sticky);
  WorkerSays(node, 1, Saying("42"));
  CHECK(DataOf(*outcome) == "42");
}

TEST_CASE("a run that closes meanwhile is queried all the same, one that cannot be reset is not") {
  FakeNode node;
  RunDispatches(node, "sticky");
  int resets = 0;
  SECTION("closed") {
    TakeResets(node, resets, NotFound("workflow execution already completed"));
    const auto outcome = Query(node);
    WorkerSays(node, 0, QueryAnswer{});
    WorkerSays(node, 1, Saying("42"));
    CHECK(DataOf(*outcome) == "42");
  }
  SECTION("not to be reached") {
    TakeResets(node, resets, Unavailable("the shard is moving"));
    const auto outcome = Query(node);
    WorkerSays(node, 0, QueryAnswer{});
    CHECK(absl::IsUnavailable(StatusOf(*outcome)));
  }
}

TEST_CASE("what else matching says goes to the client, of the sticky queue, too") {
  FakeNode node;
  RunDispatches(node, GENERATE("", "sticky"));
  const auto outcome = Query(node);
  WorkerSays(node, 0, absl::FailedPreconditionError("no poller seen"));
  CHECK(absl::IsFailedPrecondition(StatusOf(*outcome)));
}

TEST_CASE("a client that gives up takes its query with it") {
  FakeNode node;
  RunDispatches(node, "");
  const auto outcome = Query(node);
  outcome->cancel();
  Notification posted;
  node.loop.Post([&] { posted.Notify(); });
  posted.WaitForNotification();
  CHECK(node.matching.cancelled_queries.size() == 1);
}

TEST_CASE("a worker's answer reaches matching by its token") {
  FakeNode node;
  QueryTaskToken token;
  token.set_namespace_id(std::string(node.default_namespace->id.View()));
  token.set_query(7);
  api::RespondQueryTaskCompletedRequest request;
  request.set_task_token(node.tokens.Seal(TokenKind::kQueryTask, token));
  request.set_completed_type(query_enums::QUERY_RESULT_TYPE_ANSWERED);
  request.mutable_query_result()->add_payloads()->set_data("42");
  CHECK(ErrorOf(node, "RespondQueryTaskCompleted", request) == "OK");
  REQUIRE(node.matching.query_answers.size() == 1);
  CHECK(node.matching.query_answers[0].query_result().payloads(0).data() == "42");

  request.mutable_query_result()->mutable_payloads(0)->set_data(std::string(limits::kBlobSize + 1, 'x'));
  CHECK(ErrorOf(node, "RespondQueryTaskCompleted", request) == "OK");
  REQUIRE(node.matching.query_answers.size() == 2);
  CHECK(node.matching.query_answers[1].completed_type() == query_enums::QUERY_RESULT_TYPE_FAILED);
  CHECK(node.matching.query_answers[1].error_message() == "Blob data size exceeds limit.");
  CHECK_FALSE(node.matching.query_answers[1].has_query_result());
}

TEST_CASE("a task's token is one of a query that nobody asked") {
  FakeNode node;
  api::RespondQueryTaskCompletedRequest request;
  request.set_task_token(node.Token("order-1", node.ids.Mint()));
  CHECK(ErrorOf(node, "RespondQueryTaskCompleted", request) == "OK");  // the fake takes all
  REQUIRE(node.matching.answered.size() == 1);
  CHECK(node.matching.answered[0].query() == 0);
}

TEST_CASE("tokens of nothing, and other namespaces, answer no query") {
  FakeNode node;
  api::RespondQueryTaskCompletedRequest request;
  CHECK(ErrorOf(node, "RespondQueryTaskCompleted", request) == "Task token not set on request.");
  request.set_task_token("made up");
  CHECK(ErrorOf(node, "RespondQueryTaskCompleted", request) == "Error deserializing task token.");
  QueryTaskToken token;
  token.set_namespace_id(std::string(node.ids.Mint().View()));
  request.set_task_token(node.tokens.Seal(TokenKind::kQueryTask, token));
  CHECK(ErrorOf(node, "RespondQueryTaskCompleted", request) != "OK");
  token.set_namespace_id(std::string(node.default_namespace->id.View()));
  request.set_task_token(node.tokens.Seal(TokenKind::kQueryTask, token));
  node.namespaces.Add("other", temporal::api::enums::v1::NAMESPACE_STATE_REGISTERED);
  request.set_namespace_("other");
  CHECK(ErrorOf(node, "RespondQueryTaskCompleted", request) ==
        "Operation requested with a token from a different namespace.");
  CHECK(node.matching.query_answers.empty());
}

}  // namespace perdure::server::testing
