// Starts: one current run a workflow id, however they race.
#include <catch2/catch.hpp>

#include "server/history/testing/test_node.h"

namespace perdure::server {
namespace {

using testing::TestNode;
namespace workflow = engine::workflow;
namespace enums = temporal::api::enums::v1;

TEST_CASE("of two starts that race, one makes the run and the other is told of it") {
  TestNode node;
  const auto a = node.StartLater(node.StartRequest("wf"));
  const auto b = node.StartLater(node.StartRequest("wf"));
  node.Run();
  REQUIRE(a.Get().ok());
  CHECK(absl::IsAlreadyExists(b.Get().status()));
  CHECK(node.Position("wf")->run_id.ToString() == a.Get()->response.run_id());
}

TEST_CASE("the same request twice makes one run") {
  TestNode node;
  const auto request = node.StartRequest("wf");
  const auto a = node.StartLater(request);
  const auto b = node.StartLater(request);
  node.Run();
  REQUIRE(b.Get().ok());
  CHECK(a.Get()->response.run_id() == b.Get()->response.run_id());
}

TEST_CASE("a workflow id is used again after its run closed, in memory or not") {
  TestNode::Options options;
  if (GENERATE(false, true)) options.history.resident_bytes = 1;
  TestNode node(options);
  std::string before;
  for (int i = 0; i < 3; ++i) {
    const auto start = node.Start("wf");
    REQUIRE(start.ok());
    CHECK(start->response.run_id() != before);
    before = start->response.run_id();
    REQUIRE(node.CompleteRun(node.PollWorkflow()).ok());
    if (i == 1) {
      node.Crash();
      node.Restart();
    }
  }
  CHECK(node.Position("wf")->run_id.ToString() == before);
}

TEST_CASE("starts that end the open run, several in one commit") {
  TestNode node;
  REQUIRE(node.Start("wf").ok());
  std::vector<testing::Awaited<workflow::StartReply>> starts;
  for (int i = 0; i < 3; ++i) {
    auto request = node.StartRequest("wf");
    request.set_workflow_id_conflict_policy(enums::WORKFLOW_ID_CONFLICT_POLICY_TERMINATE_EXISTING);
    starts.push_back(node.StartLater(request));
  }
  node.Run();
  for (const auto& start : starts) REQUIRE(start.Get().ok());
  CHECK(node.Position("wf")->run_id.ToString() == starts.back().Get()->response.run_id());
  const auto open =
      node.Execute({node.namespace_id(), "wf", Uuid::Parse(starts.front().Get()->response.run_id())},
                   node.SignalRequest("wf", "s"));
  CHECK(absl::IsNotFound(open.status()));
  node.Crash();
  node.Restart();
  CHECK(node.Position("wf")->run_id.ToString() == starts.back().Get()->response.run_id());
  REQUIRE(node.CompleteRun(node.PollWorkflow()).ok());
}

TEST_CASE("an eager start brings its first workflow task, durable at once") {
  TestNode node;
  auto request = node.StartRequest("wf");
  request.set_request_eager_execution(true);
  const auto start = node.Start(request);
  REQUIRE(start.ok());
  REQUIRE(start->eager_task.has_value());
  testing::History history;
  REQUIRE(history.ParseFromString(start->eager_task->history + start->eager_task->tail));
  CHECK(history.events_size() == 3);
  node.Crash();
  node.Restart();
  REQUIRE(node.CompleteRun(*start->eager_task).ok());
}

TEST_CASE("calls to what does not exist are NOT_FOUND") {
  TestNode node;
  CHECK(node.Signal("nobody", "s").message() == "workflow not found for ID: nobody");
  REQUIRE(node.Start("wf").ok());
  const RunRef other{node.namespace_id(), "wf", Uuid::Parse("99999999-2222-4333-8444-555555555555")};
  CHECK(absl::IsNotFound(node.Execute(other, node.SignalRequest("wf", "s")).status()));
  // A run of another workflow id, in memory and in the store.
  const RunRef foreign{node.namespace_id(), "other", node.Position("wf")->run_id};
  CHECK(absl::IsNotFound(node.Execute(foreign, node.SignalRequest("other", "s")).status()));
}

}  // namespace
}  // namespace perdure::server
