// What a run owes brings it back into memory, whatever was read, held or let go of meanwhile.
#include <catch2/catch.hpp>
#include <set>

#include "server/history/testing/test_node.h"

namespace perdure::server {
namespace {

using persistence::MemoryFaults;
using testing::TestNode;
namespace workflow = engine::workflow;

// These operations fail.
class Faults final : public MemoryFaults {
 public:
  ReadPlan OnOperation(std::string_view operation) override {
    return {.fails = failing.contains(std::string(operation)), .delay = {}};
  }
  std::set<std::string> failing;
};

// No run stays in memory that need not, and few wakes are held at a time.
TestNode::Options Forgetful(Faults* faults = nullptr) {
  TestNode::Options options;
  options.faults = faults;
  options.history.resident_bytes = 1;
  options.history.tail_bytes = 1;
  options.history.wakes = {.page = 1, .horizon = 2, .loads = 1};
  options.history.load_keys = 2;
  return options;
}

void StartWithTimer(TestNode& node, const std::string& workflow_id, absl::Duration after) {
  REQUIRE(node.Start(workflow_id).ok());
  REQUIRE(node.CompleteWithTimer(node.PollWorkflow(), after).ok());
}

// Starts a run with two activities: "waiting" on a queue that nobody polls, and "retried" on "queue".
void StartWithTwoActivities(TestNode& node, const std::string& workflow_id) {
  REQUIRE(node.Start(workflow_id).ok());
  workflow::CompleteWorkflowTask completion = node.Completion(node.PollWorkflow());
  testing::AddActivityCommand(completion, "waiting");
  completion.request.mutable_commands(0)
      ->mutable_schedule_activity_task_command_attributes()
      ->mutable_task_queue()
      ->set_name("idle");
  testing::AddActivityCommand(completion, "retried");
  REQUIRE(node.Complete(completion).ok());
}

void FailOnce(TestNode& node) {
  const workflow::ActivityTaskReply task = node.PollActivity();
  workflow::FailActivity failure;
  failure.token = task.token;
  failure.request.mutable_failure()->set_message("once more");
  failure.request.mutable_failure()->mutable_application_failure_info()->set_type("Planned");
  const RunRef ref = node.Ref(task.token.workflow_id());
  REQUIRE(node.Execute(ref, failure).ok());
}

TEST_CASE("a retry comes in time although another activity waits and the run has left memory") {
  TestNode node(Forgetful());
  // The horizon is far from complete: it ends before the retry.
  for (int i = 0; i < 20; ++i) StartWithTimer(node, "other" + std::to_string(i), absl::Milliseconds(500 + i));
  StartWithTwoActivities(node, "wf");
  FailOnce(node);
  // A poll that waits all along: what is left in matching of the first attempt brings the run back no more.
  const auto polled = node.PollActivityLater("queue");
  node.Advance(absl::Seconds(2));
  REQUIRE(polled.Came());
  const auto& retried = std::get<workflow::ActivityTaskReply>(polled.Get()->task);
  CHECK(retried.token.attempt() == 2);
  REQUIRE(node.CompleteActivity(retried).ok());
}

TEST_CASE("wakes beyond a small horizon all come, also while calls load what is held of it") {
  TestNode node(Forgetful());
  constexpr int kRuns = 20;
  for (int i = 0; i < kRuns; ++i) StartWithTimer(node, "wf" + std::to_string(i), absl::Minutes(1 + i));
  const bool restart = GENERATE(false, true);
  if (restart) {
    node.Crash();
    node.Restart();
  }
  for (int i = 0; i < kRuns; ++i) {
    for (int j = i; j < kRuns; j += 3) REQUIRE(node.Describe("wf" + std::to_string(j)).ok());
    node.Advance(absl::Minutes(1));
    REQUIRE(node.CompleteRun(node.PollWorkflow()).ok());
  }
}

TEST_CASE("wakes that were stored before come although the first reads fail and more runs leave meanwhile") {
  Faults faults;
  TestNode node(Forgetful(&faults));
  for (int i = 0; i < 5; ++i) StartWithTimer(node, "early" + std::to_string(i), absl::Minutes(1));
  node.Crash();
  faults.failing = {"ReadWakes"};
  node.Restart();
  for (int i = 0; i < 10; ++i) StartWithTimer(node, "late" + std::to_string(i), absl::Minutes(2));
  faults.failing.clear();
  node.Advance(absl::Seconds(61));
  for (int i = 0; i < 5; ++i) REQUIRE(node.CompleteRun(node.PollWorkflow()).ok());
  node.Advance(absl::Seconds(61));
  for (int i = 0; i < 10; ++i) REQUIRE(node.CompleteRun(node.PollWorkflow()).ok());
}

TEST_CASE("declined tasks are offered again although their runs could not be read at first") {
  Faults faults;
  TestNode::Options options = Forgetful(&faults);
  options.matching.queue_window = 2;
  TestNode node(options);
  constexpr int kRuns = 8;
  for (int i = 0; i < kRuns; ++i) REQUIRE(node.Start("wf" + std::to_string(i)).ok());
  std::set<std::string> done;
  const auto work = [&] {
    const auto task = node.PollWorkflow();
    done.insert(task.token.workflow_id());
    REQUIRE(node.CompleteRun(task).ok());
  };
  work();
  faults.failing = {"LoadRuns"};
  const auto unread = node.PollWorkflowLater("queue");
  node.Advance(absl::Seconds(5));
  faults.failing.clear();
  node.Advance(absl::Seconds(5));
  REQUIRE(unread.Came());
  const auto& task = std::get<workflow::WorkflowTaskReply>(unread.Get()->task);
  done.insert(task.token.workflow_id());
  REQUIRE(node.CompleteRun(task).ok());
  while (done.size() < kRuns) work();
}

TEST_CASE("a timer comes although the store refused what it wrote and could not be read afterwards") {
  Faults faults;
  TestNode node(Forgetful(&faults));
  StartWithTimer(node, "wf", absl::Minutes(1));
  node.refusing().refuses = [&](const persistence::RunWrite&) {
    faults.failing = {"LoadRuns"};  // from now on: the timer itself was read
    return true;
  };
  node.Advance(absl::Seconds(59));
  REQUIRE(node.refusing().refused_batches == 0);
  node.Advance(absl::Seconds(2));
  REQUIRE(node.refusing().refused_batches == 1);
  node.refusing().refuses = nullptr;
  node.Advance(absl::Seconds(5));
  faults.failing.clear();
  node.Advance(absl::Seconds(10));
  REQUIRE(node.CompleteRun(node.PollWorkflow()).ok());
}

TEST_CASE("stored data that cannot be understood does not hide the runs that are read with it") {
  TestNode::Options options;
  options.history.resident_bytes = 1;
  TestNode node(options);
  std::set<std::string> due;
  for (int i = 0; i < 6; ++i) {
    StartWithTimer(node, "wf" + std::to_string(i), absl::Minutes(1));
    due.insert("wf" + std::to_string(i));
  }
  const Uuid broken = node.Position("wf3")->run_id;
  node.Crash();
  node.refusing().unreadable = [&](const persistence::RunKey& run) { return run.run_id == broken; };
  node.Restart();
  node.Advance(absl::Minutes(2));
  for (int i = 0; i < 5; ++i) {
    const auto task = node.PollWorkflow();
    due.erase(task.token.workflow_id());
    REQUIRE(node.CompleteRun(task).ok());
  }
  CHECK(due == std::set<std::string>{"wf3"});
}

TEST_CASE("a soft start moves no row: after a crash the task is there at once") {
  TestNode::Options options;
  options.history.quiet_after = absl::Seconds(2);
  options.history.wake_slack = absl::ZeroDuration();
  TestNode node(options);
  REQUIRE(node.Start("wf").ok());
  REQUIRE(node.Complete(node.Completion(node.PollWorkflow())).ok());
  node.Advance(absl::Seconds(1));
  REQUIRE(node.Signal("wf", "s").ok());
  node.PollWorkflow();
  node.Advance(absl::Seconds(8));  // meanwhile the run was quiet, and its row was raised
  node.Crash();
  node.Restart();
  node.PollWorkflow();
}

int64_t Backlog(TestNode& node) {
  testing::Awaited<QueueDescription> description;
  node.matching().Describe({node.namespace_id(), engine::TaskKind::kWorkflow, "queue"}, description.Answer());
  node.Run();
  return description.Get()->backlog_count;
}

TEST_CASE("a declined task counts once however often its run is read, and no more once it has ended") {
  TestNode::Options options = Forgetful();
  options.matching.queue_window = 2;
  TestNode node(options);
  for (int i = 0; i < 6; ++i) REQUIRE(node.Start("wf" + std::to_string(i)).ok());
  CHECK(Backlog(node) == 6);
  for (int i = 0; i < 60; ++i) REQUIRE(node.Describe("wf" + std::to_string(i % 6)).ok());
  CHECK(Backlog(node) == 6);
  for (int i = 0; i < 6; ++i) {
    const std::string workflow_id = "wf" + std::to_string(i);
    workflow::Terminate terminate;
    terminate.request.mutable_workflow_execution()->set_workflow_id(workflow_id);
    REQUIRE(node.Execute(node.Ref(workflow_id), terminate).ok());
  }
  CHECK(Backlog(node) == 0);
}

}  // namespace
}  // namespace perdure::server
