// What is remembered is believed only as long as nobody else can have written: not over a gap of the lease,
// and not over the loss of the connection to the database.
#include <catch2/catch.hpp>

#include "server/history/testing/test_node.h"
#include "server/metrics/testing/null_metrics.h"

namespace perdure::server {
namespace {

using persistence::MemoryFaults;
using testing::Awaited;
using testing::TestNode;
namespace workflow = engine::workflow;

// Another node on the store of a TestNode, which takes all shards.
class OtherNode {
 public:
  OtherNode(TestNode& first, uint32_t first_writer)
      : time_(first.time()),
        executor_(time_),
        matching_executor_(time_),
        history_({first.store(), namespaces_, lease_, metrics_, kinds_}, {&executor_}, first_writer, {}),
        matching_(matching_executor_, history_, namespaces_, metrics_, {}) {
    history_.Serve(matching_, [] {});
    time_.RunUntilIdle();
  }
  ~OtherNode() {
    executor_.DropEverything();
    matching_executor_.DropEverything();
  }

  absl::Status Signal(TestNode& first, const std::string& workflow_id, const std::string& name) {
    Awaited<workflow::Reply> reply;
    WorkflowHistory(history_).Execute(first.Ref(workflow_id), first.SignalRequest(workflow_id, name),
                                      reply.Answer());
    time_.RunUntilIdle();
    return reply.Get().status();
  }

 private:
  VirtualTime& time_;
  ManualExecutor executor_;
  ManualExecutor matching_executor_;
  NullMetrics metrics_;
  testing::SettableLease lease_;
  testing::OneNamespace namespaces_;
  const EntityKinds kinds_{{WorkflowLine()}};
  NodeHistory history_;
  NodeMatching matching_;
};

class StoreFaults final : public MemoryFaults {
 public:
  CommitPlan OnCommit(const persistence::Batch&) override { return {CommitFault::kNone, {}, commit_answer}; }
  ReadPlan OnOperation(std::string_view operation) override {
    return {operation == fails, operation == slow ? absl::Hours(1) : absl::ZeroDuration()};
  }
  absl::Duration commit_answer;  // how long a commit that has landed takes to say so
  std::string fails;
  std::string slow;
};

TestNode::Options With(StoreFaults& faults) {
  TestNode::Options options;
  options.faults = &faults;
  options.remembered_transactions = 100;
  return options;
}

constexpr char kStarted[] = "WORKFLOW_EXECUTION_STARTED WORKFLOW_TASK_SCHEDULED";
constexpr char kSignalled[] =
    "WORKFLOW_EXECUTION_STARTED WORKFLOW_TASK_SCHEDULED WORKFLOW_EXECUTION_SIGNALED";

TEST_CASE("a node that had the lease, lost it and has it again answers nothing of what it remembered") {
  TestNode node;
  REQUIRE(node.Start("wf").ok());
  node.lease().held = false;
  // Under the same writers' ids, as a node takes over today, or under its own.
  const uint32_t first_writer = GENERATE(1U, 100U);
  {
    OtherNode other(node, first_writer);
    REQUIRE(other.Signal(node, "wf", "of the other").ok());
  }
  node.lease().held = true;
  node.lease().number = 2;
  SECTION("as it is told") { node.history().OnLease(); }
  SECTION("as it sees by itself") { CHECK(absl::IsUnavailable(node.Describe("wf").status())); }
  node.Run();
  CHECK(node.Events("wf") == kSignalled);
  CHECK(node.Signal("wf", "own").ok());
}

TEST_CASE("a gap that is seen while a commit is in flight waits for its answer, and finds what landed") {
  StoreFaults faults;
  TestNode node(With(faults));
  REQUIRE(node.Start("wf").ok());
  faults.commit_answer = absl::Seconds(3);
  const auto signal = node.ExecuteLater(node.Ref("wf"), node.SignalRequest("wf", "in flight"));
  node.Run();
  node.lease().number = 2;
  node.history().OnLease();
  node.Run();
  CHECK(absl::IsUnavailable(signal.Get().status()));
  CHECK(absl::IsUnavailable(node.Describe("wf").status()));
  faults.commit_answer = absl::ZeroDuration();
  node.Advance(absl::Seconds(3));
  CHECK(node.Events("wf") == kSignalled);
  CHECK(node.Signal("wf", "after").ok());
}

TEST_CASE("a lease that changes hands during a fence is fenced for once more") {
  StoreFaults faults;
  TestNode node(With(faults));
  REQUIRE(node.Start("wf").ok());
  node.lease().number = 2;
  node.history().OnLease();
  REQUIRE(node.time().RunOne());  // one of the hosts has sent its fence
  node.lease().number = 3;
  node.Run();
  node.history().OnLease();
  node.Run();
  CHECK(node.Events("wf") == kStarted);
}

TEST_CASE("hosts that wait for the database or the lease go on at once when they are told of either") {
  StoreFaults faults;
  TestNode node(With(faults));
  REQUIRE(node.Start("wf").ok());
  faults.fails = "Fence";
  node.lease().number = 2;
  node.history().OnLease();
  node.Advance(absl::Minutes(1));  // the pauses have grown
  CHECK(absl::IsUnavailable(node.Describe("wf").status()));
  faults.fails.clear();
  node.history().OnLease();
  node.Run();  // no time passes
  CHECK(node.Describe("wf").ok());
}

TEST_CASE("after the loss of a connection nothing that a standby has lost is answered") {
  StoreFaults faults;
  TestNode node(With(faults));
  REQUIRE(node.Start("wf").ok());
  REQUIRE(node.Signal("wf", "vanishes").ok());
  REQUIRE(node.store().LoseLastBatches(1) == 1);
  const auto described = node.Describe("wf");
  CHECK(absl::IsUnavailable(described.status()));
  CHECK(node.Events("wf") == kStarted);
  CHECK(node.Signal("wf", "again").ok());
}

TEST_CASE("after the loss of a connection a database that is as it was left is believed, without a fence") {
  StoreFaults faults;
  TestNode node(With(faults));
  REQUIRE(node.Start("wf").ok());
  faults.slow = "LoadRuns";
  faults.fails = "AskWriter";
  REQUIRE(node.store().LoseLastBatches(0) == 0);
  node.Advance(absl::Seconds(20));
  CHECK(absl::IsUnavailable(node.Describe("wf").status()));  // it has not been asked yet
  faults.fails.clear();
  SECTION("told") { node.history().OnLease(); }
  SECTION("by itself") { node.Advance(absl::Seconds(10)); }
  node.Run();
  CHECK(node.Describe("wf").ok());
  CHECK(node.MetricsText().find("perdure_fences 0") != std::string::npos);
}

TEST_CASE("a host that ends while calls wait for the store takes them with it") {
  StoreFaults faults;
  TestNode node(With(faults));
  faults.slow = "FindCurrentRuns";
  const auto waits = node.ExecuteLater(node.Ref("unknown"), node.SignalRequest("unknown", "s"));
  node.Run();
  CHECK(!waits.Came());
}

}  // namespace
}  // namespace perdure::server
