// Parents and children: what their messages do, once, twice, late, or when one of the two has closed.

#include <catch2/catch.hpp>
#include "engine/workflow/testing/world.h"

namespace perdure::engine::workflow::testing {
namespace {

namespace enums = temporal::api::enums::v1;

constexpr auto kAbandon = enums::PARENT_CLOSE_POLICY_ABANDON;
constexpr auto kRequestCancel = enums::PARENT_CLOSE_POLICY_REQUEST_CANCEL;

void StartFamily(World& world, enums::ParentClosePolicy policy = enums::PARENT_CLOSE_POLICY_UNSPECIFIED) {
  world.Start("parent");
  world.Run("parent", {StartChild("child", policy)});
}

TEST_CASE("a child: start, release, end, each told once") {
  World world;
  StartFamily(world);
  CHECK(world.Owed("parent", Message::kChildStart).size() == 1);
  world.Pass("parent", Message::kChildStart);
  CHECK(world.Events("child") == Names{"WorkflowExecutionStarted"});  // no task before the release
  CHECK(world.Events("parent", 5) == Names{"StartChildWorkflowExecutionInitiated",
                                           "ChildWorkflowExecutionStarted", "WorkflowTaskScheduled"});
  world.Pass("parent", Message::kChildRelease);
  CHECK(world.Owed("parent", Message::kChildRelease).empty());
  world.Run("child", {CompleteWorkflow()});
  world.Pass("child", Message::kChildEnded);
  world.Run("parent", {CompleteWorkflow()});
  CHECK(world.Events("parent", 8) == Names{"ChildWorkflowExecutionCompleted", "WorkflowTaskStarted",
                                           "WorkflowTaskCompleted", "WorkflowExecutionCompleted"});
  world.RequireSettled();
}

TEST_CASE("a child knows its parent and root") {
  World world;
  StartFamily(world);
  world.PassAll();
  world.Run("child", {StartChild("grandchild")});
  world.PassAll();
  const Family family = FamilyOf(world.Of("grandchild"));
  REQUIRE(family.parent.has_value());
  CHECK(family.parent->id == "child");
  CHECK(family.root_id == "parent");
  CHECK(family.root_run_id == world.Of("parent").facts->run_id);
  CHECK_FALSE(FamilyOf(world.Of("parent")).parent.has_value());
  const auto described = Describe(world.Of("child"), absl::UnixEpoch());
  CHECK(described.workflow_execution_info().parent_execution().workflow_id() == "parent");
  CHECK(described.pending_children(0).workflow_id() == "grandchild");
}

TEST_CASE("copies of a start: the second finds the run, open or closed") {
  World world;
  StartFamily(world);
  const Message copy = world.Copy("parent", Message::kChildStart);
  CHECK(world.Deliver(copy).done().has_child_started());
  CHECK(world.Deliver(copy).done().has_child_started());
  REQUIRE(world.Terminate("child").ok());
  CHECK(world.Deliver(copy).done().has_child_started());
  CHECK(world.Events("child").size() == 2);
}

TEST_CASE("an id that is taken: the start fails, and a late answer changes nothing") {
  World world;
  world.Start("child");
  StartFamily(world);
  const MessageKey key = world.Owed("parent", Message::kChildStart).front();
  const MessageAnswer refused = world.Pass("parent", Message::kChildStart);
  CHECK(refused.refused().cause() == MessageAnswer::Refused::ALREADY_STARTED);
  const Names before = world.Events("parent");
  CHECK(before.at(5) == "StartChildWorkflowExecutionFailed");
  MessageAnswer late;
  late.mutable_done()->mutable_child_started();
  world.Settle("parent", key, late);
  CHECK(world.Events("parent") == before);
}

TEST_CASE("the end comes before the start is recorded: both events are written") {
  World world;
  StartFamily(world);
  const Message start = world.Copy("parent", Message::kChildStart);
  const MessageAnswer answer = world.Deliver(start);
  REQUIRE(world.Terminate("child").ok());
  world.Pass("child", Message::kChildEnded);
  CHECK(world.Events("parent", 6) ==
        Names{"ChildWorkflowExecutionStarted", "ChildWorkflowExecutionTerminated", "WorkflowTaskScheduled"});
  const auto& ended = world.Last("parent", enums::EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_TERMINATED);
  CHECK(ended.child_workflow_execution_terminated_event_attributes().started_event_id() == 6);
  world.Settle("parent", KeyOfCopy(start), answer);
  CHECK(world.Events("parent").size() == 8);
}

TEST_CASE("start and end are buffered while a task runs, and the end knows the start") {
  World world;
  world.Start("parent");
  world.Run("parent", {StartChild("child"), StartTimer("t", absl::Seconds(1))});
  world.Advance(absl::Seconds(1));
  world.Poll("parent");
  world.Pass("parent", Message::kChildStart);
  world.Pass("parent", Message::kChildRelease);  // a buffered start counts
  world.Run("child", {CompleteWorkflow()});
  world.Pass("child", Message::kChildEnded);
  REQUIRE(world.Complete("parent").ok());
  const auto& ended = world.Last("parent", enums::EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_COMPLETED);
  const auto& started = world.Last("parent", enums::EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_STARTED);
  CHECK(ended.child_workflow_execution_completed_event_attributes().started_event_id() == started.event_id());
  world.Run("parent", {CompleteWorkflow()});
  world.RequireSettled();
}

TEST_CASE("an end is told once, however often it is repeated") {
  World world;
  StartFamily(world);
  world.PassAll();
  world.Run("child", {FailWorkflow("no")});
  const Message copy = world.Copy("child", Message::kChildEnded);
  CHECK_FALSE(world.Deliver(copy).done().has_not_pending());
  const Names once = world.Events("parent");
  CHECK(world.Deliver(copy).done().has_not_pending());
  CHECK(world.Events("parent") == once);
}

TEST_CASE("a parent that closes: what becomes of children in each state of their start") {
  const auto policy = GENERATE(enums::PARENT_CLOSE_POLICY_TERMINATE, kAbandon, kRequestCancel);
  enum class Gap { kNotSent, kStarted, kRecorded, kReleased, kEnded };
  const auto gap = GENERATE(Gap::kNotSent, Gap::kStarted, Gap::kRecorded, Gap::kReleased, Gap::kEnded);
  World world;
  StartFamily(world, policy);
  const Message start = world.Copy("parent", Message::kChildStart);
  if (gap >= Gap::kStarted) world.Deliver(start);
  if (gap >= Gap::kRecorded) world.Settle("parent", KeyOfCopy(start), world.Deliver(start));
  if (gap >= Gap::kReleased) world.Pass("parent", Message::kChildRelease);
  if (gap >= Gap::kEnded) world.Run("child", {CompleteWorkflow()});
  REQUIRE(world.Terminate("parent").ok());
  world.PassAll();

  if (gap == Gap::kNotSent) {
    CHECK_FALSE(world.Exists("child"));
    world.RequireSettled();
    // A copy of the start that was under way makes no orphan.
    world.Deliver(start);
    CHECK_FALSE(world.HasTask("child"));
    world.Advance(absl::Seconds(11));
    world.PassAll();
    CHECK_FALSE(world.Of("child").IsOpen());
  } else if (gap == Gap::kEnded) {
    CHECK(world.Of("child").status == enums::WORKFLOW_EXECUTION_STATUS_COMPLETED);
  } else if (policy == enums::PARENT_CLOSE_POLICY_TERMINATE) {
    CHECK(world.Of("child").status == enums::WORKFLOW_EXECUTION_STATUS_TERMINATED);
  } else {
    CHECK(world.HasTask("child"));
    CHECK(world.Of("child").CancelRequested() == (policy == kRequestCancel));
    world.Run("child", {CompleteWorkflow()});
  }
  world.PassAll();
  world.Advance(absl::Hours(80));
  world.RequireSettled();
}

TEST_CASE("a parent that closes in the task that starts a child: there is no child") {
  World world;
  world.Start("parent");
  world.Run("parent", {StartChild("child", kAbandon), CompleteWorkflow()});
  CHECK(ObligationsOf(world.Of("parent")).messages.empty());
  world.RequireSettled();
}

TEST_CASE("parent closed, told to a run that is another's or nobody's child: nothing happens") {
  World world;
  StartFamily(world);
  world.PassAll();
  REQUIRE(world.Terminate("child").ok());
  REQUIRE(world.Terminate("parent").ok());
  world.Start("child");
  CHECK(world.Pass("parent", Message::kParentClosed).done().has_no_such());
  CHECK(world.Of("child").IsOpen());
}

TEST_CASE("a child that is asked to cancel by its parent's close is asked once") {
  World world;
  StartFamily(world, kRequestCancel);
  world.PassAll();
  REQUIRE(world.Terminate("parent").ok());
  const Message copy = world.Copy("parent", Message::kParentClosed);
  world.Deliver(copy);
  world.Deliver(copy);
  CHECK(world.Events("child") ==
        Names{"WorkflowExecutionStarted", "WorkflowTaskScheduled", "WorkflowExecutionCancelRequested"});
  CHECK(world.Of("child").inbox->size() == 1);
}

TEST_CASE("an unreleased child gets no workflow task from signals, cancels or timers, but can end") {
  World world;
  StartFamily(world);
  world.Deliver(world.Copy("parent", Message::kChildStart));
  world.Start("other");
  world.Run("other", {SignalExternal("child"), CancelExternal("child")});
  world.Deliver(world.Copy("other", Message::kExternalSignal));
  world.Deliver(world.Copy("other", Message::kExternalCancel));
  world.Advance(absl::Hours(1));
  CHECK_FALSE(world.HasTask("child"));
  CHECK(world.Events("child", 2) == Names{"WorkflowExecutionSignaled", "WorkflowExecutionCancelRequested"});
  world.Pass("parent", Message::kChildStart);
  world.Pass("parent", Message::kChildRelease);
  CHECK(world.HasTask("child"));
}

TEST_CASE("a child whose release is lost asks its parent") {
  World world;
  StartFamily(world);
  world.Pass("parent", Message::kChildStart);
  const Obligations owed = ObligationsOf(world.Of("child"));
  REQUIRE(owed.messages.size() == 1);
  CHECK(owed.messages.front().not_before == world.Of("child").facts->start_time + absl::Seconds(10));
  const MessageAnswer answer = world.Pass("child", Message::kChildAsk);
  CHECK(answer.done().child_asked().verdict() == MessageAnswer::ChildAsked::YOURS_RECORDED);
  CHECK(world.HasTask("child"));
}

TEST_CASE("a child that nobody knows ends") {
  World world;
  StartFamily(world);
  const Message start = world.Copy("parent", Message::kChildStart);
  world.Deliver(start);
  MessageAnswer refused;
  refused.mutable_refused()->set_cause(MessageAnswer::Refused::ALREADY_STARTED);
  world.Settle("parent", KeyOfCopy(start), refused);
  const MessageAnswer answer = world.Pass("child", Message::kChildAsk);
  CHECK(answer.done().child_asked().verdict() == MessageAnswer::ChildAsked::NOT_YOURS);
  CHECK_FALSE(world.Of("child").IsOpen());
  CHECK(world.Pass("child", Message::kChildEnded).done().has_not_pending());
}

TEST_CASE("a release is recorded with the next record, or by itself after a while") {
  World world;
  StartFamily(world);
  world.Pass("parent", Message::kChildStart);
  const int64_t before = world.Of("parent").last_sequence;
  world.Pass("parent", Message::kChildRelease);
  CHECK(world.Of("parent").last_sequence == before);
  CHECK(HasVolatile(world.Of("parent")));
  // What a crash would leave owes it still.
  CHECK_FALSE(DurableObligationsOf(world.Of("parent")).messages.empty());
  world.Advance(absl::Seconds(5));
  CHECK(world.Of("parent").last_sequence == before + 1);
  CHECK(DurableObligationsOf(world.Of("parent")).messages.empty());
}

TEST_CASE("a child that continues as new reports from its last run alone, and its parent closes the chain") {
  World world;
  StartFamily(world, kRequestCancel);
  world.PassAll();
  world.Run("child", {ContinueAsNew()});
  CHECK(world.Owed("child", Message::kChildEnded).empty());
  world.Advance(absl::Seconds(2));
  CHECK(FamilyOf(world.Of("child")).parent.has_value());
  REQUIRE(world.Terminate("parent").ok());
  const Message copy = world.Copy("parent", Message::kParentClosed);
  world.Deliver(copy);
  CHECK(world.Of("child").CancelRequested());
  // The run that follows on the canceled one is not asked by a repeat.
  world.Run("child", {ContinueAsNew()});
  world.Deliver(copy);
  CHECK_FALSE(world.Of("child").CancelRequested());
}

TEST_CASE("a closed child's rows stay until its parent knows") {
  World world;
  StartFamily(world);
  world.PassAll();
  world.Run("child", {CompleteWorkflow()});
  CHECK_FALSE(DeleteAt(world.Of("child")).has_value());
  CHECK_FALSE(ObligationsOf(world.Of("child")).next_timer.has_value());
  world.Pass("child", Message::kChildEnded);
  CHECK(DeleteAt(world.Of("child")) == world.Of("child").delete_after);
}

TEST_CASE("too many pending children: the workflow task fails") {
  World world;
  world.Start("parent");
  world.Poll("parent");
  std::vector<Command> commands;
  for (int i = 0; i < 2001; ++i) commands.push_back(StartChild("child " + std::to_string(i)));
  const auto reply = world.Complete("parent", commands);
  CHECK(reply.status().message() ==
        "PendingChildWorkflowsLimitExceeded: the number of pending child workflow executions, 2000, has "
        "reached the per-workflow limit of 2000");
}

}  // namespace
}  // namespace perdure::engine::workflow::testing
