// A run that begins as another did: what it takes over of what its base owes, and of what came to it later.
#include <algorithm>
#include <catch2/catch.hpp>

#include "base/status.h"
#include "engine/workflow/messages/messages.h"
#include "engine/workflow/reset/reset.h"
#include "engine/workflow/testing/world.h"

namespace perdure::engine::workflow::testing {
namespace {

namespace enums = temporal::api::enums::v1;

constexpr int64_t kFirstTaskCompleted = 4;

Names BegunAgain(const Names& then) {
  Names names{"WorkflowExecutionStarted", "WorkflowTaskScheduled", "WorkflowTaskStarted",
              "WorkflowTaskFailed"};
  names.insert(names.end(), then.begin(), then.end());
  return names;
}

// A parent whose second workflow task knows that its child has started: events 5 to 8.
void StartFamily(World& world, enums::ParentClosePolicy policy = enums::PARENT_CLOSE_POLICY_UNSPECIFIED) {
  world.Start("parent");
  world.Run("parent", {StartChild("child", policy)});
  world.PassAll();
  world.Poll("parent");
  REQUIRE(world.Complete("parent").ok());
}
constexpr int64_t kChildIsKnown = 9;

}  // namespace

TEST_CASE("an open run that is reset ends, and the new one's workflow task has failed") {
  World world;
  world.Start("wf");
  world.Run("wf");
  const Uuid base = world.Of("wf").facts->run_id;
  REQUIRE(world.Reset("wf", kFirstTaskCompleted).ok());
  CHECK(world.Events("wf") == BegunAgain({"WorkflowTaskScheduled"}));
  const State& ended = world.OfRun(base);
  CHECK(ended.status == enums::WORKFLOW_EXECUTION_STATUS_TERMINATED);
  CHECK(ended.reset_run_id == world.Of("wf").facts->run_id);
  const auto& terminated = ended.close_event->workflow_execution_terminated_event_attributes();
  CHECK(terminated.identity() == "history-resetter");
  CHECK(terminated.reason() == "again");
  const auto& failed =
      world.Last("wf", enums::EVENT_TYPE_WORKFLOW_TASK_FAILED).workflow_task_failed_event_attributes();
  CHECK(failed.cause() == enums::WORKFLOW_TASK_FAILED_CAUSE_RESET_WORKFLOW);
  CHECK(failed.base_run_id() == base.ToString());
  CHECK(failed.new_run_id() == world.Of("wf").facts->run_id.ToString());
  world.Run("wf", {CompleteWorkflow()});
}

TEST_CASE("only where a workflow task waits or runs can a run be reset") {
  World world;
  world.Start("wf");
  world.Run("wf");
  for (const int64_t event_id : {0, 1, 2, 5, 9}) {
    CHECK(absl::IsInvalidArgument(world.Reset("wf", event_id)));
  }
  CHECK(world.Of("wf").IsOpen());
}

TEST_CASE("a child that runs is the new run's, which hears of its end; the base tells it nothing") {
  World world;
  StartFamily(world);
  const Uuid base = world.Of("parent").facts->run_id;
  REQUIRE(world.Reset("parent", kChildIsKnown).ok());
  CHECK(MessagesOwed(world.OfRun(base)).empty());
  world.PassAll();
  CHECK(world.Of("child").IsOpen());
  world.Run("child", {CompleteWorkflow()});
  world.PassAll();
  CHECK(world.Last("parent", enums::EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_COMPLETED).event_id() >
        kChildIsKnown);
  world.Run("parent", {CompleteWorkflow()});
  world.RequireSettled();
}

TEST_CASE("what became of a child after the point is told again") {
  World world;
  StartFamily(world);
  world.Run("child", {CompleteWorkflow()});
  world.PassAll();
  world.Run("parent", {CompleteWorkflow()});
  REQUIRE(world.Reset("parent", kChildIsKnown).ok());
  CHECK(world.Events("parent", kChildIsKnown) ==
        Names{"WorkflowTaskFailed", "ChildWorkflowExecutionCompleted", "WorkflowTaskScheduled"});
  world.Run("parent", {CompleteWorkflow()});
  world.RequireSettled();
}

TEST_CASE("a child that ended while no run of its parent was open is heard of") {
  World world;
  StartFamily(world, enums::PARENT_CLOSE_POLICY_ABANDON);
  REQUIRE(world.Terminate("parent").ok());
  world.PassAll();
  world.Run("child", {CompleteWorkflow()});
  world.PassAll();
  REQUIRE(world.Reset("parent", kChildIsKnown).ok());
  world.PassAll();
  CHECK(world.Events("parent").back() == "ChildWorkflowExecutionCompleted");
  CHECK(world.Of("parent").children->empty());
}

TEST_CASE("what became of a signal to another workflow is taken over, whatever is excluded") {
  World world;
  world.Start("target");
  world.Start("wf");
  world.Run("wf", {SignalExternal("target"), StartTimer("t", absl::Seconds(1))});
  world.Advance(absl::Seconds(2));  // the second workflow task is scheduled while the signal is pending
  world.PassAll();
  const Names before = world.Events("wf");
  world.Poll("wf");
  REQUIRE(world.Complete("wf").ok());
  const auto scheduled = std::find(before.rbegin(), before.rend(), "WorkflowTaskScheduled");
  const int64_t point = before.rend() - scheduled + 1;
  REQUIRE(world
              .Reset("wf", point,
                     [](auto& request) {
                       for (int type = enums::RESET_REAPPLY_EXCLUDE_TYPE_SIGNAL;
                            type <= enums::RESET_REAPPLY_EXCLUDE_TYPE_CANCEL_REQUEST; ++type) {
                         request.add_reset_reapply_exclude_types(
                             static_cast<enums::ResetReapplyExcludeType>(type));
                       }
                     })
              .ok());
  CHECK(world.Last("wf", enums::EVENT_TYPE_EXTERNAL_WORKFLOW_EXECUTION_SIGNALED).event_id() > point);
  world.PassAll();
  CHECK(world.Of("target").signal_count == 1);
}

TEST_CASE("a run that was reset can be reset, before its own beginning and after it") {
  World world;
  world.Start("wf");
  world.Run("wf");
  const Uuid first = world.Of("wf").facts->run_id;
  REQUIRE(world.Reset("wf", kFirstTaskCompleted).ok());
  const Uuid second = world.Of("wf").facts->run_id;
  world.Run("wf");
  REQUIRE(world.Reset("wf", 7).ok());
  CHECK(OriginOf(world.Of("wf"), 3) == first);
  CHECK(OriginOf(world.Of("wf"), 6) == second);
  CHECK(OriginOf(world.Of("wf"), 7) == world.Of("wf").facts->run_id);
  REQUIRE(world.Reset("wf", 3).ok());
  CHECK(OriginOf(world.Of("wf"), 2) == first);
  CHECK(OriginOf(world.Of("wf"), 3) == world.Of("wf").facts->run_id);
  world.Run("wf", {CompleteWorkflow()});
}

TEST_CASE("the run timeout counts from the reset") {
  World world;
  world.Start("wf", [](auto& request) { request.mutable_workflow_run_timeout()->set_seconds(1000); });
  world.Run("wf", {StartTimer("t", absl::Seconds(1))});
  world.Advance(absl::Seconds(2));
  world.Run("wf");
  REQUIRE(world.Reset("wf", 8).ok());
  CHECK(world.Of("wf").timers->empty());
  CHECK(world.Of("wf").run_expires_at == world.Of("wf").facts->start_time + absl::Seconds(1000));
  REQUIRE(world.Reset("wf", 8).ok());
  world.Run("wf", {CompleteWorkflow()});
}

}  // namespace perdure::engine::workflow::testing
