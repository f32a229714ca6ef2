// Rows without events go with the snapshot that covers them: heartbeats and failed attempts do not pile up.
#include <catch2/catch.hpp>

#include "base/limits.h"
#include "base/time.h"
#include "server/history/testing/test_node.h"

namespace perdure::server {
namespace {

using testing::TestNode;
namespace workflow = engine::workflow;

int64_t StoredRows(TestNode& node) {
  const RunPosition position = *node.Position("wf");
  return node.store().CountHistoryRows({ShardOf(node.namespace_id(), "wf"), position.run_id});
}

RunRef RunOf(TestNode& node, const workflow::ActivityTaskReply& task) {
  return {node.namespace_id(), task.token.workflow_id(), Uuid::FromBytes(task.token.run_id())};
}

// A run whose one activity is with a worker, and may be retried for ever.
workflow::ActivityTaskReply StartActivity(TestNode& node, size_t input_bytes) {
  auto start = node.StartRequest("wf");
  start.mutable_input()->add_payloads()->set_data(std::string(input_bytes, 'x'));
  REQUIRE(node.Start(start).ok());
  auto completion = node.Completion(node.PollWorkflow());
  testing::AddActivityCommand(completion, "activity");
  auto& options =
      *completion.request.mutable_commands(0)->mutable_schedule_activity_task_command_attributes();
  *options.mutable_start_to_close_timeout() = ToProto(absl::Hours(1));
  *options.mutable_retry_policy()->mutable_initial_interval() = ToProto(absl::Seconds(1));
  options.mutable_retry_policy()->set_backoff_coefficient(1);
  REQUIRE(node.Complete(completion).ok());
  return node.PollActivity();
}

void Heartbeat(TestNode& node, const workflow::ActivityTaskReply& task, const std::string& details) {
  workflow::HeartbeatActivity heartbeat;
  heartbeat.token = task.token;
  heartbeat.request.mutable_details()->add_payloads()->set_data(details);
  REQUIRE(node.Execute(RunOf(node, task), heartbeat).ok());
}

std::string LastHeartbeat(TestNode& node) {
  const auto description = node.Describe("wf");
  REQUIRE(description.ok());
  REQUIRE(description->pending_activities_size() == 1);
  return description->pending_activities(0).heartbeat_details().payloads(0).data();
}

TEST_CASE("heartbeats do not pile up in the store, and the run goes on after a crash") {
  TestNode::Options options;
  const bool forgetful = GENERATE(false, true);
  if (forgetful) options.history.resident_bytes = options.history.tail_bytes = 1;
  TestNode node(options);
  const auto task = StartActivity(node, 10);
  int64_t most = 0;
  for (int i = 0; i < 3000; ++i) {
    Heartbeat(node, task, std::to_string(i));
    if (i % 100 == 0) most = std::max(most, StoredRows(node));
  }
  CHECK(most < 400);
  node.Crash();
  node.Restart();
  CHECK(LastHeartbeat(node) == "2999");
  REQUIRE(node.CompleteActivity(task).ok());
  REQUIRE(node.CompleteRun(node.PollWorkflow()).ok());
  CHECK(node.Read("wf").events_size() == 11);
}

TEST_CASE("heartbeats of a run with a large state do not pile up either") {
  TestNode node;
  const auto task = StartActivity(node, 500'000);
  const int heartbeats = static_cast<int>(limits::kRowsWithoutEvents) + 500;
  for (int i = 0; i < heartbeats; ++i) Heartbeat(node, task, std::to_string(i));
  CHECK(StoredRows(node) < 600);
  node.Crash();
  node.Restart();
  CHECK(LastHeartbeat(node) == std::to_string(heartbeats - 1));
}

TEST_CASE("failed attempts of an activity do not pile up") {
  TestNode node;
  auto task = StartActivity(node, 10);
  for (int i = 0; i < 500; ++i) {
    workflow::FailActivity failed;
    failed.token = task.token;
    failed.request.mutable_failure()->set_message(std::string(500, 'f'));
    failed.request.mutable_failure()->mutable_application_failure_info();
    REQUIRE(node.Execute(RunOf(node, task), failed).ok());
    node.Advance(absl::Seconds(2));
    task = node.PollActivity();
  }
  CHECK(StoredRows(node) < 400);
  node.Crash();
  node.Restart();
  REQUIRE(node.Describe("wf")->pending_activities(0).attempt() == 501);
  REQUIRE(node.CompleteActivity(task).ok());
  REQUIRE(node.CompleteRun(node.PollWorkflow()).ok());
}

TEST_CASE("failed attempts of a workflow task do not pile up") {
  TestNode node;
  REQUIRE(node.Start("wf").ok());
  for (int i = 0; i < 1000; ++i) {
    const auto task = node.PollWorkflow();
    workflow::FailWorkflowTask failed;
    failed.token = task.token;
    failed.request.set_cause(
        temporal::api::enums::v1::WORKFLOW_TASK_FAILED_CAUSE_WORKFLOW_WORKER_UNHANDLED_FAILURE);
    failed.request.mutable_failure()->set_message("panic");
    REQUIRE(node.Execute(node.Ref("wf"), failed).ok());
    node.Advance(absl::Minutes(11));
  }
  CHECK(StoredRows(node) < 400);
  node.Crash();
  node.Restart();
  REQUIRE(node.CompleteRun(node.PollWorkflow()).ok());
  CHECK(node.Events("wf").ends_with("WORKFLOW_EXECUTION_COMPLETED"));
}

}  // namespace
}  // namespace perdure::server
