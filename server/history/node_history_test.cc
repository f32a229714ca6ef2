// A workflow's way through history and matching.
#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/history/testing/test_node.h"

namespace perdure::server {
namespace {

using testing::TestNode;

TEST_CASE("a workflow of one activity runs from start to result") {
  TestNode node;
  REQUIRE(node.Start("wf").ok());
  CHECK(node.Events("wf") == "WORKFLOW_EXECUTION_STARTED WORKFLOW_TASK_SCHEDULED");

  const auto first = node.PollWorkflow();
  CHECK(first.next_page_from == 0);
  testing::History history;
  REQUIRE(history.ParseFromString(first.history + first.tail));
  REQUIRE(history.events_size() == 3);
  CHECK(history.events(2).event_type() == temporal::api::enums::v1::EVENT_TYPE_WORKFLOW_TASK_STARTED);
  REQUIRE(node.CompleteWithActivity(first).ok());

  const auto activity = node.PollActivity();
  CHECK(activity.response.activity_id() == "activity");
  REQUIRE(node.CompleteActivity(activity).ok());

  const auto second = node.PollWorkflow();
  REQUIRE(node.CompleteRun(second).ok());
  CHECK(node.Events("wf") ==
        "WORKFLOW_EXECUTION_STARTED WORKFLOW_TASK_SCHEDULED WORKFLOW_TASK_STARTED WORKFLOW_TASK_COMPLETED "
        "ACTIVITY_TASK_SCHEDULED ACTIVITY_TASK_STARTED ACTIVITY_TASK_COMPLETED "
        "WORKFLOW_TASK_SCHEDULED WORKFLOW_TASK_STARTED WORKFLOW_TASK_COMPLETED WORKFLOW_EXECUTION_COMPLETED");
}

TEST_CASE("the task of a run that has ended is taken out of its queue, although nobody polls it") {
  TestNode node;
  const auto waits = [&](int tasks) {
    node.Run();
    const std::string line = absl::StrCat(
        "approximate_backlog_count{namespace=\"default\",task_type=\"Workflow\",taskqueue=\"queue\"} ", tasks,
        "\n");
    return absl::StrContains(node.MetricsText(), line);
  };
  REQUIRE(node.Start("wf").ok());
  REQUIRE(node.Start("other").ok());
  CHECK(waits(2));
  REQUIRE(node.Execute(node.Ref("wf"), engine::workflow::Terminate{}).ok());
  CHECK(waits(1));
  CHECK(node.PollWorkflow().response.workflow_execution().workflow_id() == "other");
}

TEST_CASE("an activity whose start reached no worker is offered to the next poll") {
  TestNode node;
  REQUIRE(node.Start("wf").ok());
  REQUIRE(node.CompleteWithActivity(node.PollWorkflow()).ok());
  const auto lost = node.PollActivity();
  REQUIRE(node.Execute(node.Ref("wf"), engine::workflow::ReturnActivityTask{lost.token}).ok());
  node.Crash();
  node.Restart();
  const auto activity = node.PollActivity();
  CHECK(activity.response.attempt() == 1);
  REQUIRE(node.CompleteActivity(activity).ok());
  REQUIRE(node.CompleteRun(node.PollWorkflow()).ok());
}

}  // namespace
}  // namespace perdure::server
