// User timers.

#include <catch2/catch.hpp>

#include "base/time.h"
#include "engine/workflow/testing/activity_worker.h"

namespace perdure::engine::workflow::testing {
namespace {

namespace enums = temporal::api::enums::v1;

TEST_CASE("A timer fires at its time, not before") {
  TestRun run;
  StartWith(run, {StartTimer("t1", absl::Seconds(10))});
  const auto& started = run.Event(5).timer_started_event_attributes();
  REQUIRE(started.timer_id() == "t1");
  REQUIRE(FromProto(started.start_to_fire_timeout()) == absl::Seconds(10));
  REQUIRE(started.workflow_task_completed_event_id() == 4);
  REQUIRE(run.obligations().next_timer == run.now() + absl::Seconds(10));

  run.Sleep(absl::Seconds(9));
  REQUIRE(run.FireTimers().ok());
  REQUIRE(run.last_records().empty());
  run.Sleep(absl::Seconds(1));
  REQUIRE(run.FireTimers().ok());
  REQUIRE(run.EventsFrom(6) == Names{"TimerFired", "WorkflowTaskScheduled"});
  REQUIRE(run.Event(6).timer_fired_event_attributes().timer_id() == "t1");
  REQUIRE(run.Event(6).timer_fired_event_attributes().started_event_id() == 5);
  REQUIRE(run.state().timers->empty());
}

TEST_CASE("A timer without a time fires at once") {
  TestRun run;
  Command command = StartTimer("t1", absl::ZeroDuration());
  command.mutable_start_timer_command_attributes()->clear_start_to_fire_timeout();
  StartWith(run, {command});
  REQUIRE_FALSE(run.Event(5).timer_started_event_attributes().has_start_to_fire_timeout());
  run.Advance(absl::ZeroDuration());
  REQUIRE(run.EventsFrom(6) == Names{"TimerFired", "WorkflowTaskScheduled"});
}

TEST_CASE("Two timers fire in the order of their times; what the first brings comes between them") {
  TestRun run;
  StartWith(run, {StartTimer("second", absl::Seconds(2)), StartTimer("first", absl::Seconds(1))});
  run.Advance(absl::Seconds(3));
  REQUIRE(run.EventsFrom(7) == Names{"TimerFired", "WorkflowTaskScheduled", "TimerFired"});
  REQUIRE(run.Event(7).timer_fired_event_attributes().timer_id() == "first");

  TestRun overdue;  // both at once, after the server was away
  StartWith(overdue, {StartTimer("second", absl::Seconds(2)), StartTimer("first", absl::Seconds(1))});
  overdue.Sleep(absl::Seconds(3));
  REQUIRE(overdue.FireTimers().ok());
  REQUIRE(overdue.EventsFrom(7) == Names{"TimerFired", "TimerFired", "WorkflowTaskScheduled"});
  REQUIRE(overdue.Event(7).timer_fired_event_attributes().timer_id() == "first");
}

TEST_CASE(
    "Timers and activity timeouts that are overdue together: the earlier kind goes first, in a step of its "
    "own") {
  TestRun run;
  ActivityWorker worker(run);
  StartWith(run, {StartTimer("t1", absl::Seconds(20)), ScheduleActivity("a1", [](auto& a) {
                    a.mutable_retry_policy()->set_maximum_attempts(1);
                  })});
  worker.Poll();
  run.Sleep(absl::Seconds(60));
  REQUIRE(run.FireTimers().ok());
  REQUIRE(run.EventsFrom(7) ==
          Names{"ActivityTaskStarted", "ActivityTaskTimedOut", "WorkflowTaskScheduled", "TimerFired"});
}

TEST_CASE("A timer that fires while a workflow task runs waits for it") {
  TestRun run;
  StartWith(run, {StartTimer("t1", absl::Seconds(1))});
  REQUIRE(run.Signal("go").ok());
  run.PollWorkflowTask();
  run.Advance(absl::Seconds(1));
  REQUIRE(run.EventsFrom(9).empty());
  REQUIRE_FALSE(run.obligations().next_timer == run.now());
  REQUIRE(run.Complete().ok());
  REQUIRE(run.EventsFrom(9) == Names{"WorkflowTaskCompleted", "TimerFired", "WorkflowTaskScheduled"});
}

TEST_CASE("A run cannot close over a timer that fired while its task ran") {
  TestRun run;
  StartWith(run, {StartTimer("t1", absl::Seconds(1))});
  REQUIRE(run.Signal("go").ok());
  run.PollWorkflowTask();
  run.Advance(absl::Seconds(1));
  REQUIRE(run.Complete({CompleteWorkflow()}).status().message() == "UnhandledCommand");
}

TEST_CASE(
    "CancelTimer removes its own TimerFired that waits behind the workflow task; completing then succeeds") {
  TestRun run;
  StartWith(run, {StartTimer("t1", absl::Seconds(1))});
  REQUIRE(run.Signal("go").ok());
  run.PollWorkflowTask();
  run.Advance(absl::Seconds(1));
  REQUIRE(run.Complete({CancelTimer("t1"), CompleteWorkflow()}).ok());
  REQUIRE(run.EventsFrom(9) == Names{"WorkflowTaskCompleted", "TimerCanceled", "WorkflowExecutionCompleted"});
  REQUIRE(run.Event(10).timer_canceled_event_attributes().started_event_id() == 5);
}

TEST_CASE("CancelTimer takes away its own TimerFired only") {
  TestRun run;
  StartWith(run, {StartTimer("t1", absl::Seconds(1)), StartTimer("t2", absl::Seconds(1))});
  REQUIRE(run.Signal("go").ok());
  run.PollWorkflowTask();
  run.Advance(absl::Seconds(1));
  REQUIRE(run.Complete({CancelTimer("t1"), CompleteWorkflow()}).status().message() == "UnhandledCommand");
  REQUIRE(run.EventsFrom(10) ==
          Names{"WorkflowTaskFailed", "TimerFired", "TimerFired", "WorkflowTaskScheduled"});
  run.PollWorkflowTask();
  REQUIRE(run.Complete({CompleteWorkflow()}).ok());
}

TEST_CASE("A timer is cancelled, and its id is free again") {
  TestRun run;
  StartWith(run,
            {StartTimer("t1", absl::Seconds(60)), CancelTimer("t1"), StartTimer("t1", absl::Seconds(5))});
  REQUIRE(run.EventsFrom(4) ==
          Names{"WorkflowTaskCompleted", "TimerStarted", "TimerCanceled", "TimerStarted"});
  const auto& canceled = run.Event(6).timer_canceled_event_attributes();
  REQUIRE(canceled.timer_id() == "t1");
  REQUIRE(canceled.started_event_id() == 5);
  REQUIRE(canceled.workflow_task_completed_event_id() == 4);
  REQUIRE(canceled.identity() == "worker");
  run.Advance(absl::Seconds(60));
  REQUIRE(run.Event(8).timer_fired_event_attributes().started_event_id() == 7);
}

TEST_CASE("An id whose firing is buffered is free: the new timer outlives the old one's event") {
  TestRun run;
  StartWith(run, {StartTimer("t1", absl::Seconds(1))});
  REQUIRE(run.Signal("go").ok());
  run.PollWorkflowTask();
  run.Advance(absl::Seconds(1));
  REQUIRE(run.Complete({StartTimer("t1", absl::Seconds(5))}).ok());
  REQUIRE(run.EventsFrom(9) ==
          Names{"WorkflowTaskCompleted", "TimerStarted", "TimerFired", "WorkflowTaskScheduled"});
  REQUIRE(run.state().timers->at("t1").started_event_id == 10);
  run.Advance(absl::Seconds(5));
  REQUIRE(run.Event(13).timer_fired_event_attributes().started_event_id() == 10);
}

TEST_CASE("Timers of a closed run are forgotten") {
  TestRun run;
  StartWith(run, {StartTimer("t1", absl::Seconds(1)), CompleteWorkflow()});
  const absl::Time closed = run.now();
  REQUIRE(run.obligations().next_timer == closed + run.settings().retention);
  run.Sleep(absl::Seconds(5));
  REQUIRE(run.FireTimers().ok());
  REQUIRE(run.last_records().empty());
}

TEST_CASE("A timer command that makes no sense fails the workflow task") {
  const auto refused = [](const std::vector<Command>& commands, enums::WorkflowTaskFailedCause cause) {
    TestRun run;
    REQUIRE(run.Start().ok());
    run.PollWorkflowTask();
    const absl::Status status = run.Complete(commands).status();
    REQUIRE(status.code() == absl::StatusCode::kInvalidArgument);
    REQUIRE(run.Event(4).workflow_task_failed_event_attributes().cause() == cause);
    REQUIRE(run.state().timers->empty());
    return std::string(status.message());
  };
  const std::string long_id(1001, 'x');
  const auto bad_start = enums::WORKFLOW_TASK_FAILED_CAUSE_BAD_START_TIMER_ATTRIBUTES;
  REQUIRE(refused({StartTimer("", absl::Seconds(1))}, bad_start) ==
          "BadStartTimerAttributes: TimerId is not set on StartTimerCommand.");
  REQUIRE(refused({StartTimer(long_id, absl::Seconds(1))}, bad_start) ==
          "BadStartTimerAttributes: TimerId on StartTimerCommand exceeds length limit. TimerId=" +
              std::string(256, 'x') + "... (1001 bytes) Length=1001 Limit=1000");
  REQUIRE(refused({StartTimer("t1", absl::Seconds(-1))}, bad_start) ==
          "BadStartTimerAttributes: An invalid StartToFireTimeout is set on StartTimerCommand: negative "
          "duration. "
          "TimerId=t1");
  REQUIRE(refused({StartTimer("t1", absl::Seconds(9)), StartTimer("t1", absl::Seconds(9))},
                  enums::WORKFLOW_TASK_FAILED_CAUSE_START_TIMER_DUPLICATE_ID) ==
          "StartTimerDuplicateId: invalid history builder state for action: add-timer-started-event, "
          "TimerID: t1");
  const auto bad_cancel = enums::WORKFLOW_TASK_FAILED_CAUSE_BAD_CANCEL_TIMER_ATTRIBUTES;
  REQUIRE(refused({CancelTimer("")}, bad_cancel) ==
          "BadCancelTimerAttributes: TimerId is not set on CancelTimerCommand.");
  REQUIRE(refused({CancelTimer("none")}, bad_cancel) ==
          "BadCancelTimerAttributes: invalid history builder state for action: add-timer-canceled-event, "
          "TimerID: "
          "none");
}

}  // namespace
}  // namespace perdure::engine::workflow::testing
