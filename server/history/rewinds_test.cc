// Runs that begin as another did: what they take over, staged where it is long, and all or nothing of it.
#include <algorithm>
#include <catch2/catch.hpp>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/limits.h"
#include "server/history/testing/test_node.h"

namespace perdure::server {
namespace {

using testing::Awaited;
using testing::TestNode;
namespace enums = temporal::api::enums::v1;
namespace workflow = engine::workflow;

constexpr char kBegunAgain[] =
    "WORKFLOW_EXECUTION_STARTED WORKFLOW_TASK_SCHEDULED WORKFLOW_TASK_STARTED WORKFLOW_TASK_FAILED ";

// While `slow`, commits take a while; those that stage something are counted.
class SlowCommits final : public persistence::MemoryFaults {
 public:
  CommitPlan OnCommit(const persistence::Batch& batch) override {
    size_t bytes = 0;
    bool stages = false;
    for (const persistence::WriteGroup& group : batch.groups) {
      for (const persistence::RunWrite& write : group.runs) {
        stages = stages || (!write.wakes_added.empty() && !write.execution && write.history.size() > 1);
        for (const persistence::HistoryRow& row : write.history) bytes += row.events.size();
      }
    }
    if (stages) ++staged;
    largest = std::max(largest, bytes);
    return {CommitFault::kNone, slow ? absl::Milliseconds(10) : absl::ZeroDuration(), {}};
  }
  bool slow = false;
  int staged = 0;
  size_t largest = 0;
};

workflow::api::ResetWorkflowExecutionRequest RequestTo(int64_t event_id) {
  workflow::api::ResetWorkflowExecutionRequest request;
  request.set_reason("again");
  request.set_request_id("reset");
  request.set_workflow_task_finish_event_id(event_id);
  return request;
}

Awaited<engine::ReplyPtr> ResetLater(TestNode& node, const RunRef& base, int64_t event_id) {
  Awaited<engine::ReplyPtr> answer;
  node.history().Execute(base, std::make_unique<workflow::ResetRequest>(RequestTo(event_id)),
                         answer.Answer());
  return answer;
}

std::string RunOfReset(const Awaited<engine::ReplyPtr>& answer) {
  REQUIRE(answer.Came());
  REQUIRE(answer.Get().ok());
  const auto& reply = dynamic_cast<const workflow::WorkflowReply&>(**answer.Get());
  return std::get<workflow::Done>(reply.reply).run_id.ToString();
}

std::string Reset(TestNode& node, int64_t event_id) {
  const auto answer = ResetLater(node, node.Ref("wf"), event_id);
  node.Advance(absl::Seconds(5));
  return RunOfReset(answer);
}

absl::StatusOr<workflow::Reply> CompleteTask(TestNode& node) {
  return node.Complete(node.Completion(node.PollWorkflow()));
}

std::string StatusOf(TestNode& node) {
  return enums::WorkflowExecutionStatus_Name(node.Describe("wf")->workflow_execution_info().status());
}

// A run whose events before its first workflow task's start weigh `megabytes`.
void StartLong(TestNode& node, int megabytes) {
  REQUIRE(node.Start("wf").ok());
  for (int i = 0; i < megabytes * 4; ++i) {
    workflow::Signal signal = node.SignalRequest("wf", absl::StrCat("s", i));
    signal.request.mutable_input()->add_payloads()->set_data(std::string(256 * 1024, 'x'));
    const auto done = node.Execute(node.Ref("wf"), std::move(signal));
    REQUIRE(done.ok());
  }
}

TEST_CASE("an open run is ended for the one that begins as it did, and both fold after a crash") {
  TestNode node;
  const std::string base = node.Start("wf")->response.run_id();
  REQUIRE(CompleteTask(node).ok());
  REQUIRE(node.Signal("wf", "later").ok());
  const std::string run_id = Reset(node, 4);
  CHECK(run_id != base);
  for (int restarts = 0; restarts < 2; ++restarts) {
    CHECK(node.Events("wf") ==
          std::string(kBegunAgain) + "WORKFLOW_EXECUTION_SIGNALED WORKFLOW_TASK_SCHEDULED");
    const auto described = node.Describe("wf");
    CHECK(described->workflow_execution_info().execution().run_id() == run_id);
    CHECK(described->workflow_extended_info().has_last_reset_time());
    node.Crash();
    node.Restart();
  }
  REQUIRE(node.CompleteRun(node.PollWorkflow()).ok());
  CHECK(StatusOf(node) == "WORKFLOW_EXECUTION_STATUS_COMPLETED");
}

TEST_CASE("a closed run is reset, and keeps what it was") {
  TestNode node;
  REQUIRE(node.Start("wf").ok());
  REQUIRE(node.CompleteRun(node.PollWorkflow()).ok());
  Reset(node, 4);
  CHECK(node.Events("wf") == std::string(kBegunAgain) + "WORKFLOW_TASK_SCHEDULED");
  CHECK(StatusOf(node) == "WORKFLOW_EXECUTION_STATUS_RUNNING");
}

TEST_CASE("a refused reset leaves the run as it was") {
  TestNode node;
  REQUIRE(node.Start("wf").ok());
  REQUIRE(CompleteTask(node).ok());
  const std::string before = node.Events("wf");
  for (const int64_t event_id : {0, 1, 2, 5, 100}) {
    const auto answer = ResetLater(node, node.Ref("wf"), event_id);
    node.Run();
    CHECK(absl::IsInvalidArgument(answer.Get().status()));
  }
  CHECK(node.Events("wf") == before);
}

TEST_CASE("what is long is staged in commits of a bounded size") {
  SlowCommits commits;
  TestNode::Options options;
  options.faults = &commits;
  options.executors = 1;
  TestNode node(options);
  StartLong(node, 6);
  const bool long_prefix = GENERATE(false, true);
  auto task = node.PollWorkflowLater("queue");
  node.Advance(absl::Seconds(1));
  REQUIRE(task.Came());
  const auto before = node.Read("wf");
  commits.largest = 0;
  const auto answer = ResetLater(node, node.Ref("wf"), long_prefix ? before.events_size() : 3);
  node.Advance(absl::Seconds(5));
  REQUIRE(answer.Came());
  REQUIRE(answer.Get().ok());
  CHECK(commits.largest < 2 * limits::kRewindStagedBytes);
  // Before the point or after it: each of the signals stands in the new run once.
  const auto after = node.Read("wf");
  const auto signals = [](const testing::History& history) {
    return std::count_if(history.events().begin(), history.events().end(), [](const auto& event) {
      return event.has_workflow_execution_signaled_event_attributes();
    });
  };
  CHECK(signals(after) == signals(before));
  CHECK(commits.staged > 0);
  node.Crash();
  node.Restart();
  CHECK(node.Read("wf").SerializeAsString() == after.SerializeAsString());
}

TEST_CASE("what a crash leaves of a reset is not seen, and goes") {
  SlowCommits commits;
  TestNode::Options options;
  options.faults = &commits;
  options.executors = 1;
  TestNode node(options);
  StartLong(node, 6);
  const std::string before = node.Events("wf");
  const std::string stored = node.store().Contents();
  commits.slow = true;
  const auto answer = ResetLater(node, node.Ref("wf"), 3);
  while (commits.staged == 0) node.Advance(absl::Milliseconds(1));
  node.Advance(absl::Milliseconds(11));
  CHECK_FALSE(answer.Came());
  commits.slow = false;
  node.Crash();
  node.Restart();
  CHECK(node.Events("wf") == before);
  CHECK(StatusOf(node) == "WORKFLOW_EXECUTION_STATUS_RUNNING");
  CHECK(node.store().Contents() != stored);
  node.Advance(limits::kRewindLeftovers * 2);
  CHECK(node.store().Contents() == stored);
}

TEST_CASE("signals that come while a run is reset are in the new one") {
  SlowCommits commits;
  TestNode::Options options;
  options.faults = &commits;
  options.executors = 1;
  TestNode node(options);
  StartLong(node, 5);
  commits.slow = true;
  const auto answer = ResetLater(node, node.Ref("wf"), 3);
  std::vector<Awaited<workflow::Reply>> sent;
  for (int i = 0; i < 50 && !answer.Came(); ++i) {
    sent.push_back(node.ExecuteLater(node.Ref("wf"), node.SignalRequest("wf", absl::StrCat("beside", i))));
    node.Advance(absl::Milliseconds(2));
  }
  node.Advance(absl::Seconds(5));
  REQUIRE(answer.Came());
  REQUIRE(answer.Get().ok());
  commits.slow = false;
  const std::string events = node.Read("wf").SerializeAsString();
  for (size_t i = 0; i < sent.size(); ++i) {
    CHECK(sent[i].Get().ok());
    CHECK(events.find(absl::StrCat("beside", i)) != std::string::npos);
  }
}

}  // namespace
}  // namespace perdure::server
