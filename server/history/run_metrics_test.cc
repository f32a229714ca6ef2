// What a node counts of its runs and activities, as Prometheus reads it.
#include <string>

#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/limits.h"
#include "server/history/testing/test_node.h"
#include "server/metrics/metric_table.h"

namespace perdure::server {
namespace {

using testing::TestNode;
namespace workflow = engine::workflow;

constexpr char kRun[] = R"({namespace="default",taskqueue="queue",workflowType="type"} )";
constexpr char kEnd[] =
    R"({namespace="default",operation="CompletionStats",service_name="history",taskqueue="queue",workflowType="type"} )";
constexpr char kActivity[] =
    R"({activityType="activity type",namespace="default",taskqueue="queue",workflowType="type"} )";

// The counters in the table that begin with `prefix` and have the label `label`.
std::vector<const MetricSpec*> Counters(const std::string& prefix, const std::string& label) {
  std::vector<const MetricSpec*> found;
  for (const MetricSpec& spec : MetricTable()) {
    const bool labelled = spec.labels.substr(spec.labels.rfind(',') + 1) == label;
    if (spec.kind == MetricKind::kCounter && spec.name.starts_with(prefix) && labelled) {
      found.push_back(&spec);
    }
  }
  return found;
}

void CheckAll(const TestNode& node, const std::string& prefix, const std::string& label,
              const std::string& labels, int value) {
  const std::string text = node.MetricsText();
  const std::vector<const MetricSpec*> counters = Counters(prefix, label);
  CHECK(counters.size() >= 7);
  for (const MetricSpec* counter : counters) {
    CAPTURE(counter->name);
    const std::string series = counter->labels.starts_with("operation") ? kEnd : labels;
    CHECK(absl::StrContains(text, absl::StrCat("\n", std::string(counter->name), series, value, "\n")));
  }
}

// A line of a metric of an operation of history's.
std::string Of(const std::string& metric, const std::string& operation, int value) {
  return absl::StrCat("\n", metric, R"({namespace="default",operation=")", operation,
                      R"(",service_name="history"} )", value, "\n");
}

bool Shows(const TestNode& node, const std::string& line) {
  return absl::StrContains(node.MetricsText(), line);
}

}  // namespace

TEST_CASE("a workflow type's counters stand at 0 from its first start on") {
  TestNode node;
  REQUIRE(node.Start("a").ok());
  CheckAll(node, "workflow_", "workflowType", kRun, 0);
  REQUIRE(node.CompleteRun(node.PollWorkflow()).ok());
  CHECK(absl::StrContains(node.MetricsText(), absl::StrCat("workflow_success", kEnd, 1)));
  CHECK(absl::StrContains(node.MetricsText(), absl::StrCat("workflow_failed", kEnd, 0)));
}

TEST_CASE("an activity type's counters stand at 0 from its first schedule on") {
  TestNode node;
  REQUIRE(node.Start("a").ok());
  const workflow::WorkflowTaskReply task = node.PollWorkflow();
  CHECK_FALSE(absl::StrContains(node.MetricsText(), kActivity));
  REQUIRE(node.CompleteWithActivity(task).ok());
  CheckAll(node, "activity_", "activityType", kActivity, 0);
  REQUIRE(node.CompleteActivity(node.PollActivity()).ok());
  CHECK(absl::StrContains(node.MetricsText(), absl::StrCat("activity_success", kActivity, 1)));
  CHECK(absl::StrContains(node.MetricsText(), absl::StrCat("activity_task_fail", kActivity, 0)));
}

TEST_CASE("a process that takes up runs of another has their types' counters at 0") {
  TestNode node;
  REQUIRE(node.Start("a").ok());
  REQUIRE(node.CompleteWithActivity(node.PollWorkflow()).ok());
  node.Crash();
  node.Restart();
  REQUIRE(node.Describe("a").ok());
  CheckAll(node, "workflow_", "workflowType", kRun, 0);
  CheckAll(node, "activity_", "activityType", kActivity, 0);
}

TEST_CASE("each state transition of a run is counted, as its description counts them") {
  TestNode node;
  REQUIRE(node.Start("a").ok());
  REQUIRE(node.CompleteWithActivity(node.PollWorkflow()).ok());
  REQUIRE(node.CompleteActivity(node.PollActivity()).ok());
  REQUIRE(node.CompleteRun(node.PollWorkflow()).ok());
  const int64_t transitions = node.Describe("a")->workflow_execution_info().state_transition_count();
  CHECK(transitions >= 5);
  CHECK(Shows(node, Of("state_transition_count_count", "WorkflowContext", static_cast<int>(transitions))));
}

TEST_CASE("commands are counted by their type, and the billed ones under their older names") {
  TestNode node;
  REQUIRE(node.Start("a").ok());
  workflow::CompleteWorkflowTask completion = node.Completion(node.PollWorkflow());
  for (const char* timer : {"one", "two"}) {
    auto& command = *completion.request.add_commands();
    command.set_command_type(temporal::api::enums::v1::COMMAND_TYPE_START_TIMER);
    auto& attributes = *command.mutable_start_timer_command_attributes();
    attributes.set_timer_id(timer);
    attributes.mutable_start_to_fire_timeout()->set_seconds(60);
  }
  REQUIRE(node.Complete(completion).ok());
  const std::string completed = "RespondWorkflowTaskCompleted";
  CHECK(Shows(node, R"(command{commandType="StartTimer",namespace="default",)"
                    R"(operation="RespondWorkflowTaskCompleted",service_name="history"} 2)"));
  CHECK(Shows(node, Of("start_timer_command", completed, 2)));
  CHECK(Shows(node, Of("record_marker_command", completed, 0)));
  CHECK(Shows(node, Of("empty_completion_commands", completed, 0)));
  CHECK(Shows(node, Of("complete_workflow_task_sticky_disabled_count", completed, 1)));
}

TEST_CASE("a workflow task that refused commands fail is counted, although its worker is answered an error") {
  TestNode node;
  REQUIRE(node.Start("a").ok());
  workflow::CompleteWorkflowTask completion = node.Completion(node.PollWorkflow());
  completion.request.add_commands()->set_command_type(temporal::api::enums::v1::COMMAND_TYPE_START_TIMER);
  completion.request.mutable_commands(0)->mutable_start_timer_command_attributes();
  REQUIRE_FALSE(node.Complete(completion).ok());
  CHECK(Shows(node, absl::StrCat("workflow_task_fail", kRun, 1)));
  CHECK(Shows(node, Of("failed_workflow_tasks", "RespondWorkflowTaskCompleted", 1)));
  CHECK(Shows(node, Of("failed_workflow_tasks", "RespondWorkflowTaskFailed", 0)));
  CHECK(Shows(node, Of("start_timer_command", "RespondWorkflowTaskCompleted", 0)));
}

TEST_CASE("timeouts are counted by their kind") {
  TestNode node;
  REQUIRE(node.Start("a").ok());
  REQUIRE(node.CompleteWithActivity(node.PollWorkflow()).ok());
  node.PollActivity();
  node.Advance(absl::Hours(1));
  const std::string activities = "TimerActiveTaskActivityTimeout";
  CHECK(Shows(node, absl::StrCat("activity_task_timeout", kActivity, 1)));
  CHECK(Shows(node, Of("start_to_close_timeout", activities, 1)));
  CHECK(Shows(node, Of("schedule_to_start_timeout", activities, 0)));
  CHECK(Shows(node, Of("start_to_close_timeout", "TimerActiveTaskWorkflowTaskTimeout", 0)));
  REQUIRE(node.Signal("a", "signal").ok());
  node.PollWorkflow();
  node.Advance(absl::Minutes(1));
  CHECK(Shows(node, Of("start_to_close_timeout", "TimerActiveTaskWorkflowTaskTimeout", 1)));
}

TEST_CASE("the shards that executors own are counted, and those that they lose") {
  TestNode node;
  const std::string shards = R"({operation="ShardController",service_name="history"} )";
  CHECK(Shows(node, absl::StrCat("numshards_gauge", shards, 4096)));
  CHECK(Shows(node, absl::StrCat("sharditem_created_count", shards, 4096)));
  CHECK(Shows(node, absl::StrCat("shard_closed_count", shards, 0)));
}

TEST_CASE("tasks are counted when they come to matching and when they are started") {
  TestNode node;
  REQUIRE(node.Start("a").ok());
  const auto requests = [](const char* operation, const char* service, int value) {
    return absl::StrCat(R"(service_requests{namespace="default",operation=")", operation,
                        R"(",service_name=")", service, R"("} )", value);
  };
  CHECK(Shows(node, requests("AddWorkflowTask", "matching", 1)));
  CHECK(Shows(node, requests("RecordWorkflowTaskStarted", "history", 0)));
  REQUIRE(node.CompleteWithActivity(node.PollWorkflow()).ok());
  CHECK(Shows(node, requests("RecordWorkflowTaskStarted", "history", 1)));
  CHECK(Shows(node, requests("AddActivityTask", "matching", 1)));
}

TEST_CASE(
    "types that a client made up give their place to one that is used, and their names do not pile up") {
  TestNode node;
  const auto start = [&](const std::string& workflow_id, const std::string& type) {
    auto request = node.StartRequest(workflow_id);
    request.mutable_workflow_type()->set_name(type);
    const bool started = node.Start(std::move(request)).ok();
    REQUIRE(started);
  };
  for (size_t i = 0; i <= limits::kMetricSets; ++i) {
    const std::string name = absl::StrCat("made-up-", i);
    start(name, name);
  }
  start("order-1", "Order");
  CHECK_FALSE(Shows(node, R"(workflowType="Order")"));
  CHECK(Shows(node, R"(workflowType="_other_")"));
  node.Advance(limits::kMetricIdle);
  start("order-2", "Order");
  CHECK(Shows(node, R"(workflowType="Order")"));
}

TEST_CASE("a task queue that found no place for its metrics finds one when others are gone") {
  TestNode node;
  const auto start = [&](const std::string& name) {
    auto request = node.StartRequest(name);
    request.mutable_task_queue()->set_name(name);
    const bool started = node.Start(std::move(request)).ok();
    REQUIRE(started);
  };
  const auto made_up = [](size_t i) { return absl::StrCat("made-up-", i); };
  for (size_t i = 0; i < limits::kMetricSets; ++i) start(made_up(i));
  start("orders");
  const std::string backlog =
      R"(approximate_backlog_count{namespace="default",task_type="Workflow",taskqueue="orders"} 1)";
  CHECK_FALSE(Shows(node, backlog));
  for (size_t i = 0; i < limits::kMetricSets; ++i) {
    REQUIRE(node.Execute(node.Ref(made_up(i)), workflow::Terminate{}).ok());
  }
  for (int minute = 0; minute < 30; ++minute) node.Advance(absl::Minutes(1));
  CHECK(Shows(node, backlog));
  node.PollWorkflow("orders");
  CHECK(Shows(node, R"(poll_success{namespace="default",task_type="Workflow",taskqueue="orders"} 1)"));
}

}  // namespace perdure::server
