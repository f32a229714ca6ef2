// Sticky task queues: the next task goes to the worker that has the history.

#include <catch2/catch.hpp>

#include "base/time.h"
#include "engine/workflow/testing/test_run.h"

namespace perdure::engine::workflow::testing {
namespace {

namespace enums = temporal::api::enums::v1;

void MakeSticky(api::RespondWorkflowTaskCompletedRequest& request) {
  auto* sticky = request.mutable_sticky_attributes();
  sticky->mutable_worker_task_queue()->set_name("sticky");
  *sticky->mutable_schedule_to_start_timeout() = ToProto(absl::Seconds(5));
}

void StartSticky(TestRun& run) {
  REQUIRE(run.Start().ok());
  run.PollWorkflowTask();
  REQUIRE(run.Complete({}, MakeSticky).ok());
  REQUIRE(run.Signal("go").ok());
}

TEST_CASE("A sticky task has the new part of the history only, and names the run's own queue") {
  TestRun run;
  StartSticky(run);
  const auto dispatch = run.PendingWorkflowTask();
  REQUIRE(dispatch.has_value());
  CHECK(dispatch->sticky);
  CHECK(dispatch->task_queue == "sticky");
  CHECK(dispatch->normal_task_queue == "queue");
  const auto& scheduled = run.Event(6).workflow_task_scheduled_event_attributes();
  CHECK(scheduled.task_queue().kind() == enums::TASK_QUEUE_KIND_STICKY);
  CHECK(scheduled.task_queue().normal_name() == "queue");
  const WorkflowTaskReply task = run.PollWorkflowTask();
  CHECK(task.history_from == 4);
  CHECK(task.history_to == 6);
  CHECK(task.response.previous_started_event_id() == 3);
  CHECK(task.response.workflow_execution_task_queue().name() == "queue");
}

TEST_CASE("API fact 7: a sticky task that nobody takes times out, attempt stays 1, stickiness is cleared") {
  TestRun run;
  StartSticky(run);
  run.Advance(absl::Seconds(5));
  CHECK(run.EventsFrom(7) == Names{"WorkflowTaskTimedOut", "WorkflowTaskScheduled"});
  const auto& timed_out = run.Event(7).workflow_task_timed_out_event_attributes();
  CHECK(timed_out.timeout_type() == enums::TIMEOUT_TYPE_SCHEDULE_TO_START);
  CHECK(timed_out.scheduled_event_id() == 6);
  CHECK(timed_out.started_event_id() == 0);
  const auto& scheduled = run.Event(8).workflow_task_scheduled_event_attributes();
  CHECK(scheduled.attempt() == 1);
  CHECK(scheduled.task_queue().name() == "queue");
  const WorkflowTaskReply task = run.PollWorkflowTask();
  CHECK(task.history_from == 1);
}

TEST_CASE("A sticky task taken from the normal queue has the whole history, and stickiness is cleared") {
  TestRun run;
  StartSticky(run);
  const WorkflowTaskReply task = run.PollWorkflowTask("queue");
  CHECK(task.history_from == 1);
  CHECK(run.EventsFrom(7).empty());
  CHECK_FALSE(run.state().sticky.has_value());
  // The cleared stickiness is durable, the start is not: the task waits on the normal queue now.
  run.Crash();
  CHECK(run.PendingWorkflowTask()->task_queue == "queue");
}

TEST_CASE("A sticky task's failure does not count as an attempt") {
  TestRun run;
  StartSticky(run);
  run.PollWorkflowTask();
  REQUIRE(run.FailTask().ok());
  CHECK(run.EventsFrom(7) == Names{"WorkflowTaskStarted", "WorkflowTaskFailed", "WorkflowTaskScheduled"});
  CHECK(run.Event(9).workflow_task_scheduled_event_attributes().attempt() == 1);
  CHECK(run.Event(9).workflow_task_scheduled_event_attributes().task_queue().name() == "queue");
}

TEST_CASE("A completion without sticky attributes clears stickiness") {
  TestRun run;
  StartSticky(run);
  run.PollWorkflowTask();
  REQUIRE(run.Complete().ok());
  REQUIRE(run.Signal("go").ok());
  CHECK_FALSE(run.PendingWorkflowTask()->sticky);
}

TEST_CASE("ResetSticky moves a waiting task to the normal queue without an event, and leaves its deadline") {
  TestRun run;
  StartSticky(run);
  const bool moved_by_matching = GENERATE(false, true);
  REQUIRE(run.Do(ResetSticky{.move_pending_task = moved_by_matching}).ok());
  CHECK(run.EventsFrom(7).empty());
  CHECK(run.PendingWorkflowTask()->task_queue == "queue");
  REQUIRE(run.Do(ResetSticky{}).ok());
  CHECK(run.last_records().empty());
  run.Crash();
  run.Advance(absl::Milliseconds(4999));
  CHECK(run.EventsFrom(7).empty());
  run.Advance(absl::Milliseconds(1));
  CHECK(run.EventsFrom(7) == Names{"WorkflowTaskTimedOut", "WorkflowTaskScheduled"});
  const auto& timed_out = run.Event(7).workflow_task_timed_out_event_attributes();
  CHECK(timed_out.timeout_type() == enums::TIMEOUT_TYPE_SCHEDULE_TO_START);
  CHECK(run.Event(8).workflow_task_scheduled_event_attributes().attempt() == 1);
  CHECK(run.PendingWorkflowTask()->task_queue == "queue");
  run.Advance(absl::Hours(1));  // on the run's own queue it waits for as long as it takes
  CHECK(run.EventsFrom(9).empty());
}

TEST_CASE("A task that was moved to the normal queue and taken there has no deadline of the sticky queue") {
  TestRun run;
  StartSticky(run);
  REQUIRE(run.Do(ResetSticky{}).ok());
  run.Advance(absl::Seconds(4));
  run.PollWorkflowTask("queue");
  run.Advance(absl::Seconds(9));
  REQUIRE(run.Complete().ok());
  CHECK(run.EventsFrom(7) == Names{"WorkflowTaskStarted", "WorkflowTaskCompleted"});
}

}  // namespace
}  // namespace perdure::engine::workflow::testing
