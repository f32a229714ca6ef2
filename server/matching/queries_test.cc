// Queries: which poll gets which, and what they end with.
#include <catch2/catch.hpp>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/limits.h"
#include "base/status.h"
#include "server/matching/testing/bench.h"

namespace perdure::server {
namespace {

namespace workflow = engine::workflow;
using testing::Awaited;
using testing::Bench;
using testing::Empty;

struct AskedQuery {
  uint64_t id = 0;
  Awaited<QueryAnswer> answer;
};

AskedQuery Ask(Bench& bench, const std::string& type, int32_t priority = 3, bool sticky = false,
               absl::Duration wait = absl::Seconds(10)) {
  QueryTask query;
  query.run = bench.Activity(1).run;
  query.task_queue = sticky ? "sticky" : "queue";
  query.sticky = sticky;
  query.query.set_query_type(type);
  query.priority_key = priority;
  query.wait = wait;
  AskedQuery asked;
  asked.id = bench.matching.Query(std::move(query), asked.answer.Answer());
  bench.time.RunUntilIdle();
  return asked;
}

// What history says to the oldest question: that a query may go to a worker.
void Admit(Bench& bench) {
  REQUIRE(std::holds_alternative<workflow::StartQuery>(bench.history.asked.at(0).request));
  workflow::QueryTaskReply reply;
  reply.task.response.mutable_workflow_type()->set_name("Greet");
  bench.Answer(workflow::Reply(std::move(reply)));
}

PolledQuery In(const Awaited<PolledTask>& poll) {
  REQUIRE(poll.Came());
  REQUIRE(poll.Get().ok());
  return std::get<PolledQuery>(poll.Get()->task);
}

absl::Status Respond(Bench& bench, const QueryTaskToken& token, const std::string& data) {
  workflow::api::RespondQueryTaskCompletedRequest answer;
  answer.mutable_query_result()->add_payloads()->set_data(data);
  Awaited<std::monostate> taken;
  bench.matching.AnswerQuery(token, std::move(answer), taken.Answer());
  bench.time.RunUntilIdle();
  return taken.Get().status();
}

std::string DataIn(const AskedQuery& asked) {
  REQUIRE(asked.answer.Came());
  REQUIRE(asked.answer.Get().ok());
  const auto& answer = asked.answer.Get()->answer;
  REQUIRE(answer.has_value());
  return answer->query_result().payloads(0).data();
}

bool WorkerWasGone(const AskedQuery& asked) {
  return asked.answer.Came() && asked.answer.Get().ok() && !asked.answer.Get()->answer.has_value();
}

TEST_CASE("a query goes to the poll that waits, and its answer to the client") {
  Bench bench;
  const auto poll = bench.PollWorkflow(/*sticky=*/false);
  const AskedQuery asked = Ask(bench, "state");
  CHECK(std::get<workflow::StartQuery>(bench.history.asked.at(0).request).polled_queue == "queue");
  Admit(bench);
  const PolledQuery polled = In(poll);
  CHECK(polled.task.response.query().query_type() == "state");
  CHECK(polled.task.response.workflow_type().name() == "Greet");
  CHECK(polled.token.task_queue() == "queue");
  CHECK(polled.token.namespace_id() == bench.namespaces.id().View());
  CHECK_FALSE(asked.answer.Came());
  CHECK(Respond(bench, polled.token, "42").ok());
  CHECK(DataIn(asked) == "42");
  CHECK(absl::IsNotFound(Respond(bench, polled.token, "43")));
}

TEST_CASE("a query waits for a poll") {
  Bench bench;
  const AskedQuery asked = Ask(bench, "state");
  CHECK(bench.history.asked.empty());
  const auto poll = bench.PollWorkflow(false);
  Admit(bench);
  CHECK(Respond(bench, In(poll).token, "42").ok());
  CHECK(DataIn(asked) == "42");
}

TEST_CASE("queries come by priority, then in their order, and before tasks of the same priority") {
  Bench bench;
  bench.Offer(bench.WorkflowTask(1, false));
  std::vector<AskedQuery> asked;
  for (const auto& [type, priority] : {std::pair("late", 4), std::pair("one", 3), std::pair("two", 3)}) {
    asked.push_back(Ask(bench, type, priority));
  }
  std::vector<std::string> order;
  for (int i = 0; i < 4; ++i) {
    const auto poll = bench.PollWorkflow(false);
    if (std::holds_alternative<workflow::StartQuery>(bench.history.asked.at(0).request)) {
      Admit(bench);
      order.push_back(In(poll).task.response.query().query_type());
    } else {
      bench.Answer(workflow::Reply(workflow::WorkflowTaskReply{}));
      order.emplace_back("task");
    }
  }
  CHECK(order == std::vector<std::string>{"one", "two", "task", "late"});
}

TEST_CASE("answers find their queries, whatever the order") {
  Bench bench;
  std::vector<AskedQuery> asked;
  std::vector<QueryTaskToken> tokens;
  for (int i = 0; i < 3; ++i) {
    asked.push_back(Ask(bench, "state"));
    const auto poll = bench.PollWorkflow(false);
    Admit(bench);
    tokens.push_back(In(poll).token);
  }
  for (size_t i = 3; i-- > 0;) CHECK(Respond(bench, tokens[i], std::to_string(i)).ok());
  for (size_t i = 0; i < 3; ++i) CHECK(DataIn(asked[i]) == std::to_string(i));
}

TEST_CASE("a token of another process finds no query") {
  Bench bench;
  const AskedQuery asked = Ask(bench, "state");
  const auto poll = bench.PollWorkflow(false);
  Admit(bench);
  QueryTaskToken token = In(poll).token;
  token.set_nonce("of before the restart");
  CHECK(Respond(bench, token, "42").message() == "query task not found, or already expired");
  CHECK_FALSE(asked.answer.Came());
}

TEST_CASE("a query that nobody has polled for fails a second before its time is over") {
  Bench bench;
  const AskedQuery asked = Ask(bench, "state");
  bench.time.Advance(absl::Seconds(9) - absl::Milliseconds(1));
  CHECK_FALSE(asked.answer.Came());
  bench.time.Advance(absl::Milliseconds(2));
  REQUIRE(asked.answer.Came());
  CHECK(absl::IsFailedPrecondition(asked.answer.Get().status()));
  CHECK(asked.answer.Get().status().message() ==
        "no poller seen for task queue recently, worker may be down");
}

TEST_CASE("a query whose worker was there lately waits for it to the end") {
  Bench bench;
  bench.PollWorkflow(false);
  bench.Offer(bench.WorkflowTask(1, false));
  bench.Answer(workflow::Reply(workflow::WorkflowTaskReply{}));
  const AskedQuery asked = Ask(bench, "state");
  bench.time.Advance(absl::Seconds(9) + absl::Milliseconds(1));
  CHECK_FALSE(asked.answer.Came());
  bench.time.Advance(absl::Seconds(1));
  REQUIRE(asked.answer.Came());
  CHECK(absl::IsDeadlineExceeded(asked.answer.Get().status()));
}

TEST_CASE("a worker that has the query and says nothing has time to the end") {
  Bench bench;
  const AskedQuery asked = Ask(bench, "state", 3, false, absl::Seconds(60));
  const auto poll = bench.PollWorkflow(false);
  Admit(bench);
  bench.time.Advance(absl::Seconds(59) + absl::Milliseconds(1));
  CHECK_FALSE(asked.answer.Came());
  bench.time.Advance(absl::Seconds(1));
  CHECK(absl::IsDeadlineExceeded(asked.answer.Get().status()));
  CHECK(absl::IsNotFound(Respond(bench, In(poll).token, "42")));
}

TEST_CASE("on a sticky queue without its worker a query is told so at once") {
  Bench bench;
  CHECK(WorkerWasGone(Ask(bench, "state", 3, /*sticky=*/true)));
  const auto poll = bench.PollWorkflow(true);
  const AskedQuery asked = Ask(bench, "state", 3, true);
  Admit(bench);
  CHECK(Respond(bench, In(poll).token, "42").ok());
  CHECK(DataIn(asked) == "42");
}

TEST_CASE("a sticky worker that shuts down leaves its queries") {
  Bench bench;
  bench.PollWorkflow(true);
  bench.Offer(bench.WorkflowTask(1, true));
  bench.Answer(workflow::Reply(workflow::WorkflowTaskReply{}));
  const AskedQuery asked = Ask(bench, "state", 3, true);
  CHECK_FALSE(asked.answer.Came());
  bench.matching.ForgetStickyQueue({bench.namespaces.id(), engine::TaskKind::kWorkflow, "sticky"});
  bench.time.RunUntilIdle();
  CHECK(WorkerWasGone(asked));
}

TEST_CASE("a run that says no answers the query, and the poll waits on") {
  Bench bench;
  const auto poll = bench.PollWorkflow(false);
  const AskedQuery asked = Ask(bench, "state");
  bench.Answer(NotFound("no such run"));
  CHECK(absl::IsNotFound(asked.answer.Get().status()));
  CHECK_FALSE(poll.Came());
  bench.Offer(bench.WorkflowTask(1, false));
  bench.Answer(workflow::Reply(workflow::WorkflowTaskReply{}));
  CHECK(std::holds_alternative<workflow::WorkflowTaskReply>(poll.Get()->task));
}

TEST_CASE("a query whose client is gone is given to nobody") {
  Bench bench;
  const AskedQuery waiting = Ask(bench, "state");
  bench.matching.CancelQuery(waiting.id);
  bench.time.RunUntilIdle();
  CHECK(absl::IsCancelled(waiting.answer.Get().status()));
  const auto poll = bench.PollWorkflow(false);
  CHECK(bench.history.asked.empty());
  // One that is being given.
  const AskedQuery given = Ask(bench, "state");
  bench.matching.CancelQuery(given.id);
  bench.time.RunUntilIdle();
  Admit(bench);
  CHECK_FALSE(poll.Came());
}

TEST_CASE("a poll whose client is gone leaves its query to the next") {
  Bench bench;
  WorkflowPoll gone;
  gone.request.mutable_task_queue()->set_name("queue");
  Awaited<PolledTask> nobody;
  const uint64_t id =
      bench.matching.StartPoll({bench.namespaces.id(), gone, absl::Seconds(60)}, nobody.Answer());
  bench.time.RunUntilIdle();
  const AskedQuery asked = Ask(bench, "state");
  bench.matching.CancelPoll(id);
  bench.time.RunUntilIdle();
  Admit(bench);
  CHECK(Empty(nobody));
  const auto poll = bench.PollWorkflow(false);
  Admit(bench);
  CHECK(Respond(bench, In(poll).token, "42").ok());
  CHECK(DataIn(asked) == "42");
}

TEST_CASE("there are so many queries and no more") {
  Bench bench;
  std::vector<AskedQuery> asked;
  for (size_t i = 0; i < limits::kQueries; ++i) asked.push_back(Ask(bench, "state"));
  CHECK(absl::IsResourceExhausted(Ask(bench, "state").answer.Get().status()));
  bench.matching.CancelQuery(asked.front().id);
  bench.time.RunUntilIdle();
  CHECK_FALSE(Ask(bench, "state").answer.Came());
}

TEST_CASE("queries end with the server") {
  Bench bench;
  const AskedQuery waiting = Ask(bench, "state");
  const AskedQuery with_worker = Ask(bench, "state");
  const auto poll = bench.PollWorkflow(false);
  Admit(bench);
  bench.matching.Drain();
  bench.time.RunUntilIdle();
  for (const AskedQuery& one : {waiting, with_worker, Ask(bench, "late")}) {
    CHECK(absl::IsUnavailable(one.answer.Get().status()));
  }
}

}  // namespace
}  // namespace perdure::server
