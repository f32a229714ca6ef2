// Memory at a takeover: loads are bounded in bytes, and wait for commits that lag.
#include <catch2/catch.hpp>

#include "server/history/testing/test_node.h"

namespace perdure::server {
namespace {

using testing::TestNode;
namespace workflow = engine::workflow;

constexpr absl::Duration kLag = absl::Milliseconds(50);
constexpr size_t kMiB = 1024 * 1024;

// While `slow`, each commit takes kLag.
class LaggingCommits final : public persistence::MemoryFaults {
 public:
  CommitPlan OnCommit(const persistence::Batch&) override {
    return {CommitFault::kNone, {}, slow ? kLag : absl::ZeroDuration()};
  }
  bool slow = false;
};

struct Takeover {
  explicit Takeover(size_t resident_bytes) : node(OptionsWith(resident_bytes, commits)) {}

  static TestNode::Options OptionsWith(size_t resident_bytes, LaggingCommits& commits) {
    TestNode::Options options;
    options.faults = &commits;
    options.executors = 1;
    options.history.resident_bytes = resident_bytes;
    return options;
  }
  // `count` runs that each wait for the same moment, with so large an input.
  void WriteRuns(int count, size_t input_bytes) {
    for (int i = 0; i < count; ++i) {
      auto start = node.StartRequest("wf" + std::to_string(i));
      start.mutable_input()->add_payloads()->set_data(std::string(input_bytes, 'x'));
      REQUIRE(node.Start(start).ok());
      REQUIRE(node.CompleteWithTimer(node.PollWorkflow(), absl::Hours(1)).ok());
    }
    node.Crash();
  }
  // The next server, when all are due. Answers what memory held at most while it took them up.
  size_t TakeOver(int count) {
    node.Advance(absl::Hours(1));
    commits.slow = true;
    node.Restart();
    size_t most = 0;
    int fired = 0;
    while (fired < count) {
      const auto task = node.PollWorkflowLater("queue");
      for (int i = 0; i < 2000 && !task.Came(); ++i) {
        node.Advance(kLag / 2);
        most = std::max(most, node.history().host(0).resident_bytes());
      }
      REQUIRE(task.Came());
      const auto* got = std::get_if<workflow::WorkflowTaskReply>(&task.Get()->task);
      REQUIRE(got != nullptr);
      const auto closed =
          node.ExecuteLater({node.namespace_id(), got->token.workflow_id(), std::nullopt}, [&] {
            workflow::CompleteWorkflowTask completion = node.Completion(*got);
            testing::AddCompleteCommand(completion);
            return completion;
          }());
      ++fired;
    }
    return most;
  }

  LaggingCommits commits;
  TestNode node;
};

TEST_CASE("no run is loaded for its wake while the commits lag and memory is full") {
  Takeover takeover(kMiB);
  constexpr int kRuns = 5000;
  takeover.WriteRuns(kRuns, 10);
  const size_t most = takeover.TakeOver(kRuns);
  CHECK(most > 0);
  CHECK(most < 5 * kMiB);  // the budget, and what a few queries and commits have under way
}

TEST_CASE("heavy runs are loaded a few at a time") {
  Takeover takeover(8 * kMiB);
  constexpr int kRuns = 60;
  takeover.WriteRuns(kRuns, kMiB);
  const size_t most = takeover.TakeOver(kRuns);
  CHECK(most > kMiB);
  CHECK(most < 16 * kMiB);
}

}  // namespace
}  // namespace perdure::server
