// Commits that fail, are refused, or whose outcome is unknown: nothing acknowledged is lost, and nothing
// unacknowledged is shown.
#include <catch2/catch.hpp>
#include <map>

#include "base/limits.h"
#include "server/history/testing/test_node.h"

namespace perdure::server {
namespace {

using persistence::MemoryFaults;
using testing::TestNode;
namespace workflow = engine::workflow;

// The next commit gets this fault.
class NextCommit final : public MemoryFaults {
 public:
  CommitPlan OnCommit(const persistence::Batch&) override {
    ++commits;
    const CommitFault fault = std::exchange(next, CommitFault::kNone);
    return {fault, {}, {}};
  }
  bool StalledLands(const persistence::Batch&, Moment moment) override {
    return moment == Moment::kFence && lands_at_fence;
  }
  CommitFault next = CommitFault::kNone;
  bool lands_at_fence = false;
  int commits = 0;
};

TestNode::Options With(NextCommit& faults) {
  TestNode::Options options;
  options.faults = &faults;
  return options;
}

void FinishFromScratch(TestNode& node, const std::string& workflow_id) {
  REQUIRE(node.CompleteRun(node.PollWorkflow()).ok());
  CHECK(node.Events(workflow_id).ends_with("WORKFLOW_EXECUTION_COMPLETED"));
}

TEST_CASE("a start whose commit fails is UNAVAILABLE, leaves nothing, and can be repeated") {
  NextCommit faults;
  TestNode node(With(faults));
  faults.next = MemoryFaults::CommitFault::kFails;
  const auto request = node.StartRequest("wf");
  CHECK(absl::IsUnavailable(node.Start(request).status()));
  CHECK(absl::IsNotFound(node.Describe("wf").status()));
  REQUIRE(node.Start(request).ok());
  FinishFromScratch(node, "wf");
}

TEST_CASE("a start of unknown outcome is UNAVAILABLE; its repetition finds out") {
  NextCommit faults;
  TestNode node(With(faults));
  const auto fault =
      GENERATE(MemoryFaults::CommitFault::kUnknownLanded, MemoryFaults::CommitFault::kUnknownLost,
               MemoryFaults::CommitFault::kUnknownStalls);
  faults.lands_at_fence = GENERATE(true, false);
  faults.next = fault;
  const auto request = node.StartRequest("wf");
  CHECK(absl::IsUnavailable(node.Start(request).status()));
  const auto again = node.Start(request);
  REQUIRE(again.ok());
  CHECK(again->response.started());
  CHECK(node.Events("wf") == "WORKFLOW_EXECUTION_STARTED WORKFLOW_TASK_SCHEDULED");
  FinishFromScratch(node, "wf");
}

TEST_CASE("an answer of unknown outcome takes effect once") {
  NextCommit faults;
  TestNode node(With(faults));
  REQUIRE(node.Start("wf").ok());
  const auto task = node.PollWorkflow();
  faults.next = GENERATE(MemoryFaults::CommitFault::kUnknownLanded, MemoryFaults::CommitFault::kUnknownLost);
  const bool landed = faults.next == MemoryFaults::CommitFault::kUnknownLanded;
  CHECK(absl::IsUnavailable(node.CompleteWithActivity(task).status()));
  // Landed: its task is done. Lost: the soft start went with the state, so that the token is worth nothing.
  CHECK(absl::IsNotFound(node.CompleteWithActivity(task).status()));
  if (!landed) REQUIRE(node.CompleteWithActivity(node.PollWorkflow()).ok());
  REQUIRE(node.CompleteActivity(node.PollActivity()).ok());
  FinishFromScratch(node, "wf");
}

TEST_CASE("a reply derived from state that is not durable waits for it, and fails with it") {
  NextCommit faults;
  TestNode node(With(faults));
  REQUIRE(node.Start("wf").ok());
  // Both join one commit: the describe would tell of the signal.
  const auto signal = node.ExecuteLater(node.Ref("wf"), node.SignalRequest("wf", "one"));
  const auto position = node.WaitLater(node.Ref("wf"), 3, absl::ZeroDuration());
  faults.next = MemoryFaults::CommitFault::kFails;
  node.Run();
  CHECK(absl::IsUnavailable(signal.Get().status()));
  CHECK(absl::IsUnavailable(position.Get().status()));
  CHECK(node.Events("wf") == "WORKFLOW_EXECUTION_STARTED WORKFLOW_TASK_SCHEDULED");
}

TEST_CASE("no task is handed out for what did not become durable") {
  NextCommit faults;
  TestNode node(With(faults));
  REQUIRE(node.Start("wf").ok());
  const auto task = node.PollWorkflow();
  const auto poll = node.PollActivityLater("queue");
  faults.next = MemoryFaults::CommitFault::kUnknownLost;
  CHECK(absl::IsUnavailable(node.CompleteWithActivity(task).status()));
  CHECK(!poll.Came());
}

// What commits weigh, by the runs that they write.
class Weighed final : public MemoryFaults {
 public:
  CommitPlan OnCommit(const persistence::Batch& batch) override {
    size_t runs = 0;
    size_t bytes = 0;
    for (const persistence::WriteGroup& group : batch.groups) {
      for (const persistence::RunWrite& write : group.runs) {
        if (!write.execution) continue;
        ++runs;
        for (const std::string& entry : write.execution->entries) bytes += entry.size();
        bytes += write.execution->memo.size();
      }
    }
    if (runs > 0) commits.emplace_back(runs, bytes);
    return {};
  }
  std::vector<std::pair<size_t, size_t>> commits;
};

TEST_CASE("a commit is bounded by what it writes of runs' rows, too") {
  Weighed faults;
  TestNode::Options options;
  options.faults = &faults;
  options.executors = 1;
  TestNode node(options);
  // A value of 2 KiB that makes a quarter of a megabyte of entries, which a store writes as text.
  std::string words = "\"";
  for (char first = 'a'; first <= 'z'; ++first) {
    for (char second = 'a'; second <= 'z'; ++second) words += {first, second, ' '};
  }
  words += '"';
  std::vector<testing::Awaited<workflow::StartReply>> starts;
  for (int i = 0; i < 40; ++i) {
    auto request = node.StartRequest(std::to_string(i));
    auto& payload = (*request.mutable_search_attributes()->mutable_indexed_fields())[std::string(255, 'n')];
    (*payload.mutable_metadata())["encoding"] = "json/plain";
    (*payload.mutable_metadata())["type"] = "Text";
    payload.set_data(words);
    starts.push_back(node.StartLater(std::move(request)));
  }
  node.Run();
  for (const auto& start : starts) CHECK(start.Get().ok());
  size_t runs = 0;
  for (const auto& [number, bytes] : faults.commits) {
    runs += number;
    CHECK(2 * bytes <= limits::kCommitBytes);
    CHECK(bytes > 0);
  }
  CHECK(runs == starts.size());
  CHECK(faults.commits.size() < starts.size() / 4);
}

TEST_CASE("one run's refused data fails its calls alone") {
  TestNode::Options options;
  options.executors = 1;
  TestNode node(options);
  for (const char* id : {"a", "b", "c"}) REQUIRE(node.Start(id).ok());
  const Uuid guilty = node.Position("b")->run_id;
  node.refusing().refuses = [&](const persistence::RunWrite& write) { return write.key.run_id == guilty; };
  std::map<std::string, testing::Awaited<workflow::Reply>> signals;
  for (const std::string id : {"a", "b", "c"}) {
    signals.emplace(id, node.ExecuteLater(node.Ref(id), node.SignalRequest(id, "s")));
  }
  node.Run();
  CHECK(node.refusing().refused_batches >= 2);  // the whole batch, then parts
  CHECK(signals.at("a").Get().ok());
  CHECK(signals.at("c").Get().ok());
  CHECK(absl::IsInvalidArgument(signals.at("b").Get().status()));
  CHECK(signals.at("b").Get().status().message() == "The store refuses the data of this request.");
  CHECK(node.Events("a") == "WORKFLOW_EXECUTION_STARTED WORKFLOW_TASK_SCHEDULED WORKFLOW_EXECUTION_SIGNALED");
  // The guilty run is as it was, and goes on once its data can be taken.
  CHECK(node.Events("b") == "WORKFLOW_EXECUTION_STARTED WORKFLOW_TASK_SCHEDULED");
  node.refusing().refuses = nullptr;
  REQUIRE(node.Signal("b", "again").ok());
  for (int i = 0; i < 3; ++i) REQUIRE(node.CompleteRun(node.PollWorkflow()).ok());
}

TEST_CASE("what was decided on top of refused data is lost with it") {
  TestNode::Options options;
  options.executors = 1;
  TestNode node(options);
  REQUIRE(node.Start("wf").ok());
  const Uuid first = node.Position("wf")->run_id;
  node.refusing().refuses = [&](const persistence::RunWrite& write) { return write.key.run_id == first; };
  // The start that ends the run comes when the commit with the signal is sealed, and not answered yet.
  const auto signal = node.ExecuteLater(node.Ref("wf"), node.SignalRequest("wf", "s"));
  REQUIRE(node.time().RunOne());
  auto request = node.StartRequest("wf");
  request.set_workflow_id_conflict_policy(
      temporal::api::enums::v1::WORKFLOW_ID_CONFLICT_POLICY_TERMINATE_EXISTING);
  const auto start = node.StartLater(request);
  node.Run();
  CHECK(absl::IsInvalidArgument(signal.Get().status()));
  CHECK(absl::IsUnavailable(start.Get().status()));  // it is not what the store refused
  CHECK(node.Position("wf")->run_id == first);
  CHECK(node.Events("wf") == "WORKFLOW_EXECUTION_STARTED WORKFLOW_TASK_SCHEDULED");
}

TEST_CASE("a fenced host drops what it remembers, and serves again while the lease is its own") {
  TestNode node;
  REQUIRE(node.Start("wf").ok());
  // Somebody raises both writers' epochs.
  ManualExecutor other(node.time());
  const auto session = node.store().OpenSession(other);
  for (const uint32_t writer : {1, 2})
    session->Fence(writer, [](const absl::StatusOr<persistence::FencedWriter>&) {});
  node.Run();
  CHECK(absl::IsUnavailable(node.Signal("wf", "lost")));
  REQUIRE(node.Signal("wf", "kept").ok());
  CHECK(node.Events("wf") ==
        "WORKFLOW_EXECUTION_STARTED WORKFLOW_TASK_SCHEDULED WORKFLOW_EXECUTION_SIGNALED");
  FinishFromScratch(node, "wf");
}

TEST_CASE("without the lease nothing is answered from memory, and a fenced host stays out") {
  TestNode node;
  REQUIRE(node.Start("wf").ok());
  node.lease().held = false;
  CHECK(absl::IsUnavailable(node.Describe("wf").status()));
  ManualExecutor other(node.time());
  const auto session = node.store().OpenSession(other);
  for (const uint32_t writer : {1, 2})
    session->Fence(writer, [](const absl::StatusOr<persistence::FencedWriter>&) {});
  node.Run();
  node.Advance(absl::Minutes(1));
  CHECK(absl::IsUnavailable(node.Describe("wf").status()));
  node.lease().held = true;
  node.Advance(absl::Seconds(10));
  CHECK(absl::IsUnavailable(node.Signal("wf", "meets the fence")));
  CHECK(node.Signal("wf", "after").ok());
}

TEST_CASE("a store that comes back without its last batches is believed") {
  TestNode::Options options;
  options.executors = 1;
  options.remembered_transactions = 100;
  NextCommit faults;
  options.faults = &faults;
  TestNode node(options);
  REQUIRE(node.Start("wf").ok());
  REQUIRE(node.Signal("wf", "vanishes").ok());
  REQUIRE(node.store().LoseLastBatches(1) == 1);
  CHECK(absl::IsUnavailable(node.Signal("wf", "meets the fence")));
  CHECK(node.Events("wf") == "WORKFLOW_EXECUTION_STARTED WORKFLOW_TASK_SCHEDULED");
  FinishFromScratch(node, "wf");
}

}  // namespace
}  // namespace perdure::server
