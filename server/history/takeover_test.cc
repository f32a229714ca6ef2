// A restart with many runs whose stored wake is that of their last task: what is due does not wait for them.
#include <catch2/catch.hpp>

#include "server/history/testing/test_node.h"

namespace perdure::server {
namespace {

using testing::TestNode;

constexpr int kBusy = 3000;
constexpr absl::Duration kLoadTime = absl::Milliseconds(10);

// While `slow`, a query that loads runs takes kLoadTime.
class SlowLoads final : public persistence::MemoryFaults {
 public:
  ReadPlan OnOperation(std::string_view operation) override {
    if (operation != "LoadRuns" || !slow) return {};
    ++queries;
    return {false, kLoadTime};
  }
  bool slow = false;
  int queries = 0;
};

size_t Loaded(TestNode& node) { return node.history().host(0).resident_runs(); }

// Killed while kBusy runs, each with a far timer, have just had a task.
class BusyNode {
 public:
  BusyNode() : node(OptionsWith(loads)) {
    REQUIRE(node.Start("due").ok());
    REQUIRE(node.CompleteWithTimer(node.PollWorkflow(), absl::Minutes(1)).ok());
    node.Advance(absl::Minutes(1) - absl::Milliseconds(1));  // its wake is raised to its timer
    for (int i = 0; i < kBusy; ++i) {
      REQUIRE(node.Start("busy" + std::to_string(i)).ok());
      REQUIRE(node.CompleteWithTimer(node.PollWorkflow(), absl::Hours(24)).ok());
    }
    node.Crash();
    node.Advance(absl::Seconds(1));
    loads.slow = true;
    node.Restart();
  }

  SlowLoads loads;
  TestNode node;

 private:
  static TestNode::Options OptionsWith(SlowLoads& loads) {
    TestNode::Options options;
    options.faults = &loads;
    options.executors = 1;
    return options;
  }
};

TEST_CASE("after a restart a timer that has come due does not wait for all runs that were busy") {
  BusyNode busy;
  const auto poll = busy.node.PollWorkflowLater("queue");
  for (int i = 0; i < kBusy && !poll.Came(); ++i) busy.node.Advance(kLoadTime);
  REQUIRE(poll.Came());
  CHECK(Loaded(busy.node) < kBusy / 3);
  const auto& task = std::get<testing::workflow::WorkflowTaskReply>(poll.Get()->task);
  REQUIRE(busy.node.CompleteRun(task).ok());
}

TEST_CASE("after a restart runs are loaded many with one query, and a call's run at once") {
  BusyNode busy;
  const auto signaled =
      busy.node.ExecuteLater(busy.node.Ref("busy2000"), busy.node.SignalRequest("busy2000", "s"));
  busy.node.Advance(kLoadTime);
  REQUIRE(signaled.Came());
  CHECK(signaled.Get().ok());
  CHECK(Loaded(busy.node) < kBusy / 3);
  for (int i = 0; i < kBusy && Loaded(busy.node) < kBusy + 1; ++i) busy.node.Advance(kLoadTime);
  CHECK(Loaded(busy.node) == kBusy + 1);
  CHECK(busy.loads.queries < 30);
}

}  // namespace
}  // namespace perdure::server
