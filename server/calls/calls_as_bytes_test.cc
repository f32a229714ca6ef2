#include "server/calls/calls_as_bytes.h"

#include <catch2/catch.hpp>

#include "base/time.h"
#include "server/activities/activity_history.h"
#include "server/activities/activity_line.h"
#include "server/history/testing/test_node.h"

namespace perdure::server::testing {
namespace {

TestNode::Options WithActivities() {
  TestNode::Options options;
  options.kinds = {ActivityLine()};
  return options;
}

// A node behind calls as bytes: both ways between history and matching stay as the node has them.
struct BytesNode {
  BytesNode() : history(executor, kinds), matching(executor, node.matching()) {
    history.Reach(node.history());
  }
  ~BytesNode() { executor.DropEverything(); }

  WorkflowHistory workflows() { return history.remote(); }
  workflow::WorkflowTaskReply PollWorkflow() {
    WorkflowPoll poll;
    poll.request.mutable_task_queue()->set_name("queue");
    Awaited<PolledTask> task;
    matching.remote().StartPoll({node.namespace_id(), poll, absl::Seconds(60)}, task.Answer());
    node.Run();
    return std::get<workflow::WorkflowTaskReply>(task.Get()->task);
  }

  TestNode node{WithActivities()};
  const EntityKinds kinds{{WorkflowLine(), ActivityLine()}};
  ManualExecutor executor{node.time()};
  HistoryAsBytes history;
  MatchingAsBytes matching;
};

TEST_CASE("a workflow runs by calls that pass as bytes") {
  BytesNode bytes;
  Awaited<workflow::StartReply> started;
  bytes.workflows().Start(bytes.node.namespace_id(), bytes.node.StartRequest("wf"), started.Answer());
  bytes.node.Run();
  REQUIRE(started.Get().ok());

  const workflow::WorkflowTaskReply task = bytes.PollWorkflow();
  CHECK(task.response.workflow_execution().run_id() == started.Get()->response.run_id());
  CHECK(task.history_to == 2);
  CHECK_FALSE(task.tail.empty());  // its start, which no record holds yet
  workflow::CompleteWorkflowTask completion = bytes.node.Completion(task);
  AddCompleteCommand(completion);
  Awaited<workflow::Reply> completed;
  bytes.workflows().Execute(bytes.node.Ref("wf"), completion, completed.Answer());
  bytes.node.Run();
  REQUIRE(completed.Get().ok());
  CHECK(std::holds_alternative<workflow::CompletedReply>(*completed.Get()));

  Awaited<workflow::api::DescribeWorkflowExecutionResponse> described;
  bytes.workflows().Describe(bytes.node.Ref("wf"), described.Answer());
  bytes.node.Run();
  REQUIRE(described.Get().ok());
  CHECK(described.Get()->workflow_execution_info().history_length() == 5);

  EventsQuery query{.run = bytes.node.Ref("wf"), .to_event_id = 6, .max_events = 10, .max_bytes = 1 << 20};
  query.run.run_id = Uuid::Parse(started.Get()->response.run_id());
  Awaited<EventsPage> page;
  bytes.workflows().ReadEvents(query, page.Answer());
  bytes.node.Run();
  REQUIRE(page.Get().ok());
  CHECK(page.Get()->count == 5);
}

TEST_CASE("a refusal passes as bytes with its details") {
  BytesNode bytes;
  Awaited<workflow::Reply> signalled;
  bytes.workflows().Execute(bytes.node.Ref("nobody"), bytes.node.SignalRequest("nobody", "hello"),
                            signalled.Answer());
  bytes.node.Run();
  CHECK(absl::IsNotFound(signalled.Get().status()));
  CHECK(signalled.Get().status() == bytes.node.Signal("nobody", "hello"));
}

TEST_CASE("a wait for events that passes as bytes is answered by an event, or called off") {
  BytesNode bytes;
  REQUIRE(bytes.node.Start("wf").ok());
  Awaited<RunPosition> answered;
  Awaited<RunPosition> called_off;
  bytes.workflows().WaitForEvents(bytes.node.Ref("wf"), 3, absl::Minutes(1), answered.Answer());
  const uint64_t wait =
      bytes.workflows().WaitForEvents(bytes.node.Ref("wf"), 100, absl::Minutes(1), called_off.Answer());
  bytes.node.Run();
  CHECK_FALSE(answered.Came());
  bytes.workflows().CancelWait(wait);
  bytes.node.Run();
  CHECK(absl::IsCancelled(called_off.Get().status()));
  REQUIRE(bytes.node.Signal("wf", "hello").ok());
  bytes.node.Run();
  REQUIRE(answered.Get().ok());
  CHECK(answered.Get()->open);
  CHECK(answered.Get()->next_event_id == 4);
}

TEST_CASE(
    "a request that passes as bytes is answered by a later step, by the end of its time, or called off") {
  BytesNode bytes;
  engine::activity::api::StartActivityExecutionRequest start;
  start.set_activity_id("act");
  start.mutable_activity_type()->set_name("type");
  start.mutable_task_queue()->set_name("queue");
  *start.mutable_start_to_close_timeout() = ToProto(absl::Hours(1));
  const ActivityHistory activities(bytes.history.remote());
  Awaited<engine::activity::StartReply> started;
  activities.Start(bytes.node.namespace_id(), std::move(start), started.Answer());
  bytes.node.Run();
  REQUIRE(started.Get().ok());
  const EntityRef ref = ActivityRef(bytes.node.namespace_id(), "act", std::nullopt);
  Awaited<ActivityHistory::Outcome> answered;
  Awaited<ActivityHistory::Outcome> in_vain;
  Awaited<ActivityHistory::Outcome> called_off;
  activities.AwaitOutcome(ref, absl::Minutes(1), answered.Answer());
  activities.AwaitOutcome(ref, absl::Seconds(1), in_vain.Answer());
  activities.CancelWait(activities.AwaitOutcome(ref, absl::Minutes(1), called_off.Answer()));
  bytes.node.Run();
  CHECK(absl::IsCancelled(called_off.Get().status()));
  bytes.node.Advance(absl::Seconds(1));
  REQUIRE(in_vain.Get().ok());
  CHECK(*in_vain.Get() == nullptr);
  CHECK_FALSE(answered.Came());
  Awaited<engine::activity::Reply> terminated;
  activities.Execute(ref, engine::activity::Terminate{}, terminated.Answer());
  bytes.node.Run();
  REQUIRE(answered.Get().ok());
  REQUIRE(*answered.Get() != nullptr);
  CHECK((*answered.Get())->outcome().has_failure());
}

TEST_CASE("a poll that passes as bytes is called off, and a queue is described") {
  BytesNode bytes;
  WorkflowPoll poll;
  poll.request.mutable_task_queue()->set_name("queue");
  poll.request.set_identity("worker");
  Awaited<PolledTask> task;
  const uint64_t id =
      bytes.matching.remote().StartPoll({bytes.node.namespace_id(), poll, absl::Seconds(60)}, task.Answer());
  bytes.node.Run();
  CHECK_FALSE(task.Came());
  bytes.matching.remote().CancelPoll(id);
  bytes.node.Run();
  REQUIRE(task.Get().ok());
  CHECK(std::holds_alternative<std::monostate>(task.Get()->task));

  Awaited<QueueDescription> queue;
  bytes.matching.remote().Describe({bytes.node.namespace_id(), engine::TaskKind::kWorkflow, "queue"},
                                   queue.Answer());
  bytes.node.Run();
  REQUIRE(queue.Get().ok());
  REQUIRE(queue.Get()->pollers.size() == 1);
  CHECK(queue.Get()->pollers[0].identity == "worker");
}

TEST_CASE("a query passes as bytes: to a worker and back, to nobody, and called off") {
  BytesNode bytes;
  Awaited<workflow::StartReply> started;
  bytes.workflows().Start(bytes.node.namespace_id(), bytes.node.StartRequest("wf"), started.Answer());
  bytes.node.Run();
  const workflow::WorkflowTaskReply first = bytes.PollWorkflow();
  REQUIRE(bytes.node.Complete(bytes.node.Completion(first)).ok());

  Awaited<WorkflowHistory::Answer> asked;
  bytes.workflows().Ask(bytes.node.Ref("wf"), workflow::Query{{}, "id", absl::Seconds(9)}, absl::Seconds(9),
                        asked.Answer());
  bytes.node.Run();
  const auto& dispatch = std::get<workflow::QueryDispatch>(**asked.Get());
  QueryTask query;
  query.run = bytes.node.Ref("wf");
  query.run.run_id = dispatch.run_id;
  query.task_queue = dispatch.task_queue;
  query.query.set_query_type("state");
  query.wait = absl::Seconds(9);
  Awaited<QueryAnswer> answer;
  bytes.matching.remote().Query(query, answer.Answer());
  WorkflowPoll poll;
  poll.request.mutable_task_queue()->set_name("queue");
  Awaited<PolledTask> task;
  bytes.matching.remote().StartPoll({bytes.node.namespace_id(), poll, absl::Seconds(60)}, task.Answer());
  bytes.node.Run();
  const auto& polled = std::get<PolledQuery>(task.Get()->task);
  CHECK(polled.task.response.query().query_type() == "state");
  CHECK_FALSE(polled.task.history.empty());
  workflow::api::RespondQueryTaskCompletedRequest said;
  said.set_error_message("no such query");
  for (const bool first_time : {true, false}) {
    Awaited<std::monostate> taken;
    bytes.matching.remote().AnswerQuery(polled.token, said, taken.Answer());
    bytes.node.Run();
    CHECK(taken.Get().ok() == first_time);
  }
  REQUIRE(answer.Get().ok());
  CHECK(answer.Get()->answer->error_message() == "no such query");

  query.sticky = true;
  query.task_queue = "sticky";
  Awaited<QueryAnswer> nobody;
  bytes.matching.remote().Query(query, nobody.Answer());
  bytes.node.Run();
  CHECK_FALSE(nobody.Get()->answer.has_value());

  query.sticky = false;
  query.task_queue = "queue";
  Awaited<QueryAnswer> called_off;
  bytes.matching.remote().CancelQuery(bytes.matching.remote().Query(query, called_off.Answer()));
  bytes.node.Run();
  CHECK(absl::IsCancelled(called_off.Get().status()));
}

TEST_CASE("offers, and what matching tells their owner, pass as bytes") {
  BytesNode bytes;
  Task task;
  task.run = {bytes.node.namespace_id(), "wf", Uuid::Parse("99999999-2222-4333-8444-555555555555")};
  task.dispatch.task_queue = "queue";
  const auto backlog = [&] {
    Awaited<QueueDescription> queue;
    bytes.matching.remote().Describe(QueueOf(task), queue.Answer());
    bytes.node.Run();
    return queue.Get()->backlog_count;
  };
  bytes.matching.remote().Offer(task);
  bytes.node.Run();
  CHECK(backlog() == 1);
  bytes.matching.remote().Backlogged(QueueOf(task), {7}, 3);
  bytes.node.Run();
  CHECK(backlog() == 4);
  bytes.matching.remote().Withdraw(task);
  bytes.node.Run();
  CHECK(backlog() == 3);
  // Of a writer that nobody is: nothing comes of it.
  bytes.history.remote().Declined(task);
  bytes.history.remote().HasRoom({7}, QueueOf(task), 1);
  bytes.node.Run();
}

TEST_CASE("a call that no peer encoded is refused") {
  BytesNode bytes;
  HistoryService of_history(bytes.node.history(), bytes.kinds);
  MatchingService of_matching(bytes.node.matching());
  calls::HistoryCall unknown_kind;
  unknown_kind.mutable_start()->set_kind(9);
  for (const std::string& call :
       {std::string("no message"), std::string(), unknown_kind.SerializeAsString()}) {
    Awaited<std::string> of_one;
    of_history.Handle(call, of_one.Answer());
    CHECK(absl::IsInvalidArgument(of_one.Get().status()));
  }
  for (const std::string& call : {std::string("no message"), std::string()}) {
    Awaited<std::string> of_one;
    of_matching.Handle(call, of_one.Answer());
    CHECK(absl::IsInvalidArgument(of_one.Get().status()));
  }
}

}  // namespace
}  // namespace perdure::server::testing
