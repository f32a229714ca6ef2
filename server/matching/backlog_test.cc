// A backlog larger than matching's window, with the real history behind it: nothing is lost, nothing is done
// twice.
#include <catch2/catch.hpp>
#include <set>

#include "server/history/testing/test_node.h"

namespace perdure::server {
namespace {

using testing::TestNode;
namespace workflow = engine::workflow;

TEST_CASE("a backlog beyond the window is worked off whole, runs in memory or not") {
  TestNode::Options options;
  options.matching.queue_window = 8;
  if (GENERATE(false, true)) options.history.resident_bytes = 1;
  const bool crash = GENERATE(false, true);
  TestNode node(options);
  constexpr int kRuns = 50;
  for (int i = 0; i < kRuns; ++i) REQUIRE(node.Start("wf" + std::to_string(i)).ok());
  if (crash) {
    node.Crash();
    node.Restart();
  }
  std::set<std::string> done;
  for (int i = 0; i < kRuns; ++i) {
    const auto task = node.PollWorkflow();
    done.insert(task.token.workflow_id());
    REQUIRE(node.CompleteRun(task).ok());
  }
  CHECK(done.size() == kRuns);
  const auto nothing = node.PollWorkflowLater("queue");
  node.Run();
  CHECK(!nothing.Came());
}

TEST_CASE("many activities of one run, more than the window") {
  TestNode::Options options;
  options.matching.queue_window = 8;
  TestNode node(options);
  REQUIRE(node.Start("wf").ok());
  workflow::CompleteWorkflowTask completion = node.Completion(node.PollWorkflow());
  constexpr int kActivities = 40;
  for (int i = 0; i < kActivities; ++i) testing::AddActivityCommand(completion, "a" + std::to_string(i));
  REQUIRE(node.Complete(completion).ok());
  for (int i = 0; i < kActivities; ++i) REQUIRE(node.CompleteActivity(node.PollActivity()).ok());
}

}  // namespace
}  // namespace perdure::server
