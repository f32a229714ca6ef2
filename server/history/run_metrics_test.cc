// What a node counts of its runs and activities, as Prometheus reads it.
#include <string>

#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/history/testing/test_node.h"
#include "server/metrics/metric_table.h"

namespace perdure::server {
namespace {

using testing::TestNode;
namespace workflow = engine::workflow;

constexpr char kRun[] = R"({namespace="default",taskqueue="queue",workflowType="type"} )";
constexpr char kActivity[] =
    R"({activityType="activity type",namespace="default",taskqueue="queue",workflowType="type"} )";

// The counters' names in the table that begin with `prefix` and have the label `label`.
std::vector<std::string> Counters(const std::string& prefix, const std::string& label) {
  std::vector<std::string> names;
  for (const MetricSpec& spec : MetricTable()) {
    const bool labelled = spec.labels.substr(spec.labels.rfind(',') + 1) == label;
    if (spec.kind == MetricKind::kCounter && spec.name.starts_with(prefix) && labelled) {
      names.emplace_back(spec.name);
    }
  }
  return names;
}

void CheckAll(const TestNode& node, const std::string& prefix, const std::string& label,
              const std::string& labels, int value) {
  const std::string text = node.MetricsText();
  const std::vector<std::string> names = Counters(prefix, label);
  CHECK(names.size() >= 7);
  for (const std::string& name : names) {
    CAPTURE(name);
    CHECK(absl::StrContains(text, absl::StrCat("\n", name, labels, value, "\n")));
  }
}

}  // namespace

TEST_CASE("a workflow type's counters stand at 0 from its first start on") {
  TestNode node;
  REQUIRE(node.Start("a").ok());
  CheckAll(node, "workflow_", "workflowType", kRun, 0);
  REQUIRE(node.CompleteRun(node.PollWorkflow()).ok());
  CHECK(absl::StrContains(node.MetricsText(), absl::StrCat("workflow_success", kRun, 1)));
  CHECK(absl::StrContains(node.MetricsText(), absl::StrCat("workflow_failed", kRun, 0)));
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

}  // namespace perdure::server
