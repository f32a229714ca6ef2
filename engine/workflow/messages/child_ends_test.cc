// Ends of children that come of no completion: the parent is told of each.
#include <catch2/catch.hpp>

#include "engine/workflow/testing/world.h"

namespace perdure::engine::workflow::testing {

TEST_CASE("a child that cancels itself: the parent is told that it was canceled") {
  World world;
  world.Start("parent");
  world.Run("parent", {StartChild("child")});
  world.PassAll();
  world.Run("child", {CancelWorkflow()});
  world.PassAll();
  CHECK(world.Events("parent").at(7) == "ChildWorkflowExecutionCanceled");
  world.Run("parent", {CompleteWorkflow()});
  world.RequireSettled();
}

TEST_CASE("a child whose run takes too long: the parent is told that it timed out") {
  World world;
  world.Start("parent");
  Command start = StartChild("child");
  start.mutable_start_child_workflow_execution_command_attributes()
      ->mutable_workflow_run_timeout()
      ->set_seconds(5);
  world.Run("parent", {start});
  world.PassAll();
  world.Poll("child");
  REQUIRE(world.Complete("child").ok());
  world.Advance(absl::Seconds(5));
  world.PassAll();
  CHECK(world.Events("parent").at(7) == "ChildWorkflowExecutionTimedOut");
  world.Run("parent", {CompleteWorkflow()});
  world.RequireSettled();
}

}  // namespace perdure::engine::workflow::testing
