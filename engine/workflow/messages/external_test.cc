// Signals and cancels of other workflows.

#include <catch2/catch.hpp>
#include "engine/workflow/testing/world.h"

namespace perdure::engine::workflow::testing {
namespace {

namespace enums = temporal::api::enums::v1;

// Of two workflows, "sender" has just signaled "other": a copy of that message.
Message SendSignal(World& world) {
  world.Start("other");
  world.Start("sender");
  world.Run("sender", {SignalExternal("other")});
  return world.Copy("sender", Message::kExternalSignal);
}

TEST_CASE("a signal from another workflow takes effect once, and its sender is told") {
  World world;
  const Message copy = SendSignal(world);
  CHECK(world.Deliver(copy).has_done());
  CHECK(world.Deliver(copy).has_done());
  CHECK(world.Of("other").signal_count == 1);
  const auto& signaled = world.Last("other", enums::EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED)
                             .workflow_execution_signaled_event_attributes();
  CHECK(signaled.external_workflow_execution().workflow_id() == "sender");
  CHECK(signaled.identity() == "history-service");
  world.PassAll();
  CHECK(world.Events("sender", 5) == Names{"SignalExternalWorkflowExecutionInitiated",
                                           "ExternalWorkflowExecutionSignaled", "WorkflowTaskScheduled"});
  world.Run("other", {CompleteWorkflow()});
  world.RequireSettled();
}

TEST_CASE("a repeat is known also when the run has closed") {
  World world;
  const Message copy = SendSignal(world);
  CHECK(world.Deliver(copy).has_done());
  REQUIRE(world.Terminate("other").ok());
  CHECK(world.Deliver(copy).has_done());
  CHECK_FALSE(DeleteAt(world.Of("other")).has_value());
}

TEST_CASE("a repeat is known also to a run that a client has started since") {
  World world;
  const Message copy = SendSignal(world);
  CHECK(world.Deliver(copy).has_done());
  REQUIRE(world.Terminate("other").ok());
  world.Start("other");
  CHECK(world.Deliver(copy).has_done());
  CHECK(world.Of("other").signal_count == 0);
}

TEST_CASE("a signal to a closed run, or to nobody, is refused; a cancel of a closed run is done") {
  World world;
  world.Start("other");
  REQUIRE(world.Terminate("other").ok());
  world.Start("sender");
  world.Run("sender", {SignalExternal("other"), SignalExternal("nobody"), CancelExternal("other"),
                       CancelExternal("nobody")});
  world.PassAll();
  CHECK(world.Events("sender", 9) == Names{"SignalExternalWorkflowExecutionFailed", "WorkflowTaskScheduled",
                                           "SignalExternalWorkflowExecutionFailed",
                                           "ExternalWorkflowExecutionCancelRequested",
                                           "RequestCancelExternalWorkflowExecutionFailed"});
  world.RequireSettled();
}

TEST_CASE("what goes to the own id is refused without a message, after the events of the commands") {
  World world;
  world.Start("sender");
  world.Run("sender", {SignalExternal("sender"), CancelExternal("sender")});
  CHECK(ObligationsOf(world.Of("sender")).messages.empty());
  CHECK(world.Events("sender", 5) ==
        Names{"SignalExternalWorkflowExecutionInitiated", "RequestCancelExternalWorkflowExecutionInitiated",
              "SignalExternalWorkflowExecutionFailed", "RequestCancelExternalWorkflowExecutionFailed",
              "WorkflowTaskScheduled"});
}

TEST_CASE("a signal for children alone, to one that is not the sender's") {
  World world;
  world.Start("parent");
  world.Run("parent", {StartChild("child")});
  world.PassAll();
  world.Start("stranger");
  world.Run("stranger", {SignalExternal("child", true), CancelExternal("child", true)});
  world.PassAll();
  CHECK(world.Events("child") == Names{"WorkflowExecutionStarted", "WorkflowTaskScheduled"});
  world.Run("parent", {SignalExternal("child", true)});
  world.PassAll();
  CHECK(world.Of("child").signal_count == 1);
}

TEST_CASE("a run that closes sends no signal any more; a copy under way has its effect, once") {
  World world;
  const Message copy = SendSignal(world);
  REQUIRE(world.Terminate("sender").ok());
  CHECK(ObligationsOf(world.Of("sender")).messages.empty());
  CHECK(world.Deliver(copy).has_done());
  CHECK(world.Deliver(copy).has_done());
  CHECK(world.Of("other").signal_count == 1);
}

TEST_CASE("what a lost Settled leaves is asked for when retention wants the run") {
  World world;
  world.Deliver(SendSignal(world));
  REQUIRE(world.Terminate("sender").ok());
  REQUIRE(world.Terminate("other").ok());
  CHECK_FALSE(DeleteAt(world.Of("other")).has_value());
  const auto owed = ObligationsOf(world.Of("other")).messages;
  REQUIRE(owed.size() == 1);
  CHECK(owed.front().not_before == world.Of("other").delete_after);
  world.Advance(absl::Hours(73));
  world.PassAll();
  world.RequireSettled();
}

TEST_CASE("an entry that its sender still owes stays") {
  World world;
  world.Deliver(SendSignal(world));
  REQUIRE(world.Terminate("other").ok());
  const MessageAnswer answer = world.Pass("other", Message::kInboxAsk);
  CHECK(answer.done().inbox_asked().owed().size() == 1);
  CHECK(world.Of("other").inbox->size() == 1);
}

TEST_CASE("settled entries leave with the run's next record, and with one of their own at its end") {
  World world;
  world.Start("other");
  world.Start("sender");
  world.Run("sender", {SignalExternal("other")});
  const int64_t before = world.Of("other").last_sequence;
  world.PassAll();
  CHECK(world.Of("other").inbox->size() == 1);
  CHECK(world.Of("other").last_sequence == before + 1);
  world.Run("other", {CompleteWorkflow()});
  CHECK(world.Of("other").inbox->empty());
}

TEST_CASE("a cancel from another workflow") {
  World world;
  world.Start("other");
  world.Start("sender");
  world.Run("sender", {CancelExternal("other")});
  world.PassAll();
  const auto& requested = world.Last("other", enums::EVENT_TYPE_WORKFLOW_EXECUTION_CANCEL_REQUESTED)
                              .workflow_execution_cancel_requested_event_attributes();
  CHECK(requested.external_workflow_execution().workflow_id() == "sender");
  CHECK(requested.external_initiated_event_id() == 5);
  world.Run("other", {CancelWorkflow()});
  world.RequireSettled();
}

TEST_CASE("signals to one target are ordered") {
  World world;
  world.Start("sender");
  world.Run("sender", {SignalExternal("other"), SignalExternal("other")});
  const auto owed = ObligationsOf(world.Of("sender")).messages;
  REQUIRE(owed.size() == 2);
  CHECK(owed.front().ordered);
  CHECK(owed.front().key < owed.back().key);
}

}  // namespace
}  // namespace perdure::engine::workflow::testing
