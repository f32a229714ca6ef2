// Delete: a run ends if it is open, and is nobody's any more; what it owes it still owes.
#include <catch2/catch.hpp>

#include "base/limits.h"
#include "engine/workflow/testing/world.h"

namespace perdure::engine::workflow::testing {

TEST_CASE("an open run that is deleted is terminated by the server, and its rows go later") {
  TestRun run;
  REQUIRE(run.Start().ok());
  REQUIRE(run.Do(Delete{}).ok());
  REQUIRE(run.Events() ==
          Names{"WorkflowExecutionStarted", "WorkflowTaskScheduled", "WorkflowExecutionTerminated"});
  const auto& terminated = run.Event(3).workflow_execution_terminated_event_attributes();
  CHECK(terminated.reason() == "Delete workflow execution");
  CHECK(terminated.identity() == "history-service");
  CHECK(run.state().deleted_at.has_value());
  CHECK(DeleteAt(run.state()) == run.now() + limits::kSettledRunKept);
}

TEST_CASE("a workflow task that runs when its run is deleted fails first") {
  TestRun run;
  REQUIRE(run.Start().ok());
  run.PollWorkflowTask();
  REQUIRE(run.Do(Delete{}).ok());
  CHECK(run.EventsFrom(3) ==
        Names{"WorkflowTaskStarted", "WorkflowTaskFailed", "WorkflowExecutionTerminated"});
}

TEST_CASE("a closed run that nobody talked to goes at once, whatever retention wants") {
  TestRun run;
  REQUIRE(run.Start().ok());
  run.PollWorkflowTask();
  REQUIRE(run.Complete({CompleteWorkflow()}).ok());
  run.Sleep(absl::Minutes(5));
  REQUIRE(run.Do(Delete{}).ok());
  CHECK(DeleteAt(run.state()) == run.now());
  const absl::Time deleted = run.now();
  run.Sleep(absl::Minutes(1));
  REQUIRE(run.Do(Delete{}).ok());  // again: it stays as it is
  CHECK(run.last_records().empty());
  CHECK(run.state().deleted_at == deleted);
}

TEST_CASE("a deleted child's parent is told of its end before its rows go") {
  World world;
  world.Start("parent");
  world.Run("parent", {StartChild("child")});
  world.PassAll();
  REQUIRE(world.Delete("child").ok());
  CHECK_FALSE(DeleteAt(world.Of("child")).has_value());
  world.PassAll();
  CHECK(world.Events("parent").at(7) == "ChildWorkflowExecutionTerminated");
  CHECK(DeleteAt(world.Of("child")).has_value());
  world.Run("parent", {CompleteWorkflow()});
  world.RequireSettled();
}

TEST_CASE("a deleted parent's children meet its close policy before its rows go") {
  World world;
  world.Start("parent");
  world.Run("parent", {StartChild("child")});
  world.PassAll();
  REQUIRE(world.Delete("parent").ok());
  CHECK_FALSE(DeleteAt(world.Of("parent")).has_value());
  world.PassAll();
  CHECK_FALSE(world.Of("child").IsOpen());
  world.RequireSettled();
}

TEST_CASE("a cancel of a run that was deleted finds nobody") {
  World world;
  world.Start("target");
  world.Start("sender");
  world.Run("sender", {CancelExternal("target")});
  const Message copy = world.Copy("sender", Message::kExternalCancel);
  REQUIRE(world.Delete("target").ok());
  CHECK(world.Deliver(copy).refused().cause() == MessageAnswer::Refused::NOT_FOUND);
}

}  // namespace perdure::engine::workflow::testing
