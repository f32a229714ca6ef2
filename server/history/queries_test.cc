// Queries over the host and matching: what they see, what they cost, and what becomes of them when the host
// loses its runs.
#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <utility>
#include <variant>

#include "server/history/testing/test_node.h"
#include "temporal/api/enums/v1/query.pb.h"

namespace perdure::server {
namespace {

namespace workflow = engine::workflow;
using persistence::MemoryFaults;
using testing::Awaited;
using testing::TestNode;

class CommitsCounted final : public MemoryFaults {
 public:
  CommitPlan OnCommit(const persistence::Batch& /*batch*/) override {
    ++commits;
    return {CommitFault::kNone, {}, answer};
  }
  int commits = 0;
  absl::Duration answer;  // how long a commit that has landed takes to say so
};

TestNode::Options Counting(CommitsCounted& faults) {
  TestNode::Options options;
  options.faults = &faults;
  return options;
}

using Answer = WorkflowHistory::Answer;

Awaited<Answer> AskLater(TestNode& node, const std::string& id = "one", uint64_t* wait = nullptr) {
  workflow::Query query{{}, id, absl::Seconds(10)};
  query.request.mutable_query()->set_query_type("state");
  Awaited<Answer> reply;
  const uint64_t number =
      node.workflows().Ask(node.Ref("wf"), std::move(query), absl::Seconds(10), reply.Answer());
  if (wait != nullptr) *wait = number;
  node.Run();
  return reply;
}

workflow::QueryDispatch DispatchIn(const Awaited<Answer>& reply) {
  REQUIRE(reply.Came());
  REQUIRE(reply.Get().ok());
  REQUIRE(*reply.Get() != nullptr);
  return std::get<workflow::QueryDispatch>(**reply.Get());
}

workflow::CompleteWorkflowTask WithResult(workflow::CompleteWorkflowTask completion, const std::string& id) {
  auto& result = (*completion.request.mutable_query_results())[id];
  result.set_result_type(temporal::api::enums::v1::QUERY_RESULT_TYPE_ANSWERED);
  result.mutable_answer()->add_payloads()->set_data("42");
  return completion;
}

// A run "wf" that waits for nothing but signals.
void BeginIdle(TestNode& node, bool sticky = false) {
  REQUIRE(node.Start("wf").ok());
  auto completion = node.Completion(node.PollWorkflow());
  if (sticky) {
    auto& attributes = *completion.request.mutable_sticky_attributes();
    attributes.mutable_worker_task_queue()->set_name("sticky");
    attributes.mutable_schedule_to_start_timeout()->set_seconds(5);
  }
  REQUIRE(node.Complete(completion).ok());
}

// Asks a worker on `queue`, and answers as it.
void AskWorker(TestNode& node, const std::string& queue, bool sticky, int64_t events) {
  const auto poll = node.PollWorkflowLater(queue, sticky ? "queue" : "");
  node.Run();
  QueryTask query;
  query.run = node.Ref("wf");
  query.run.run_id = DispatchIn(AskLater(node)).run_id;
  query.task_queue = queue;
  query.sticky = sticky;
  query.wait = absl::Seconds(5);
  Awaited<QueryAnswer> answer;
  node.matching().Query(std::move(query), answer.Answer());
  node.Run();
  REQUIRE(poll.Came());
  const auto& polled = std::get<PolledQuery>(poll.Get()->task);
  temporal::api::history::v1::History history;
  REQUIRE(history.ParseFromString(polled.task.history + polled.task.tail));
  CHECK(history.events_size() == events);
  Awaited<std::monostate> taken;
  node.matching().AnswerQuery(polled.token, {}, taken.Answer());
  node.Run();
  CHECK(taken.Get().ok());
  REQUIRE(answer.Came());
  CHECK(answer.Get()->answer.has_value());
}

TEST_CASE("a query costs no commit, wherever it is answered") {
  CommitsCounted faults;
  TestNode node(Counting(faults));
  SECTION("by a worker alone") {
    BeginIdle(node);
    node.Advance(absl::Minutes(1));  // the run goes quiet: its stored wake is raised
    const int before = faults.commits;
    for (int i = 0; i < 3; ++i) AskWorker(node, "queue", false, 4);
    node.Advance(absl::Minutes(1));
    CHECK(faults.commits == before);
  }
  SECTION("by a worker with the run in its cache, and where that is found gone") {
    BeginIdle(node, /*sticky=*/true);
    node.Advance(absl::Minutes(1));
    const int before = faults.commits;
    AskWorker(node, "sticky", true, 0);
    const auto run = node.Ref("wf");
    REQUIRE(node.Execute(run, workflow::ResetSticky{.move_pending_task = false, .rides = true}).ok());
    AskWorker(node, "queue", false, 4);
    node.Advance(absl::Minutes(1));
    CHECK(faults.commits == before);
  }
  SECTION("with a workflow task") {
    BeginIdle(node);
    REQUIRE(node.Signal("wf", "go").ok());
    const int before = faults.commits;
    const auto asked = AskLater(node);
    const auto task = node.PollWorkflow();
    CHECK(task.response.queries().contains("one"));
    CHECK(faults.commits == before);  // nor does the start of a task that brings one
    REQUIRE(node.Complete(WithResult(node.Completion(task), "one")).ok());
    CHECK(faults.commits == before + 1);
    CHECK((**asked.Get()).index() == workflow::Reply(workflow::QueryReply{}).index());
  }
  SECTION("of a closed run, or rejected by it") {
    BeginIdle(node);
    REQUIRE(node.Execute(node.Ref("wf"), workflow::Terminate{}).ok());
    const int before = faults.commits;
    AskWorker(node, "queue", false, 5);
    CHECK(faults.commits == before);
  }
}

TEST_CASE("a query is answered once what it follows from is durable") {
  CommitsCounted faults;
  TestNode node(Counting(faults));
  BeginIdle(node);
  REQUIRE(node.Signal("wf", "go").ok());
  const auto asked = AskLater(node);
  const auto task = node.PollWorkflow();
  faults.answer = absl::Seconds(1);
  node.ExecuteLater(node.Ref("wf"), WithResult(node.Completion(task), "one"));
  node.Run();
  CHECK_FALSE(asked.Came());
  node.Advance(absl::Seconds(2));
  REQUIRE(asked.Came());
  CHECK(std::holds_alternative<workflow::QueryReply>(**asked.Get()));
}

TEST_CASE("a query that comes while the state is ahead of the store waits for that") {
  CommitsCounted faults;
  TestNode node(Counting(faults));
  BeginIdle(node);
  REQUIRE(node.Signal("wf", "go").ok());
  const auto task = node.PollWorkflow();
  faults.answer = absl::Seconds(1);
  node.ExecuteLater(node.Ref("wf"), node.Completion(task));
  const auto asked = AskLater(node);
  CHECK_FALSE(asked.Came());
  node.Advance(absl::Seconds(2));
  CHECK(DispatchIn(asked).open);
}

TEST_CASE("a query that waits is lost with the host, and what it asked is not answered by its successor") {
  TestNode node;
  BeginIdle(node);
  REQUIRE(node.Signal("wf", "go").ok());
  const auto lost = AskLater(node, "before");
  const auto task = node.PollWorkflow();
  REQUIRE(node.Signal("wf", "again").ok());  // the start of the task is durable
  node.Crash();
  node.Restart();
  node.Run();
  const auto asked = AskLater(node, "after");
  CHECK_FALSE(asked.Came());
  REQUIRE(node.Complete(WithResult(node.Completion(task), "before")).ok());
  CHECK_FALSE(asked.Came());  // the answer was to another
  const auto next = node.PollWorkflow();
  CHECK(next.response.queries().contains("after"));
  REQUIRE(node.Complete(WithResult(node.Completion(next), "after")).ok());
  CHECK(std::holds_alternative<workflow::QueryReply>(**asked.Get()));
}

TEST_CASE("a query whose time is over, or whose caller is gone, makes room") {
  TestNode node;
  BeginIdle(node);
  REQUIRE(node.Signal("wf", "go").ok());
  uint64_t wait = 0;
  const auto gone = AskLater(node, "gone", &wait);
  CHECK(absl::IsResourceExhausted(AskLater(node, "full").Get().status()));
  node.workflows().CancelWait(wait);
  node.Run();
  CHECK(absl::IsCancelled(gone.Get().status()));
  const auto late = AskLater(node, "late");
  node.Advance(absl::Seconds(11));
  REQUIRE(late.Came());
  CHECK(*late.Get() == nullptr);
  const auto asked = AskLater(node, "asked");
  const auto task = node.PollWorkflow();
  CHECK(task.response.queries().size() == 1);
  REQUIRE(node.Complete(WithResult(node.Completion(task), "asked")).ok());
  CHECK(asked.Came());
}

}  // namespace
}  // namespace perdure::server
