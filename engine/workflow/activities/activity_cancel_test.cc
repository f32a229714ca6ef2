#include <catch2/catch.hpp>

#include "base/limits.h"
#include "engine/workflow/testing/activity_worker.h"

namespace perdure::engine::workflow::testing {
namespace {

namespace enums = temporal::api::enums::v1;

// A run with a started activity (event 5) whose workflow asks to cancel it (event 10).
TaskToken StartedAndCancelRequested(TestRun& run, ActivityWorker& worker) {
  StartWith(run, {ScheduleActivity("a1")});
  TaskToken token = worker.Poll().token;
  REQUIRE(run.Signal("go").ok());
  run.PollWorkflowTask();
  REQUIRE(run.Complete({CancelActivity(5)}).ok());
  REQUIRE(run.EventsFrom(9) == Names{"WorkflowTaskCompleted", "ActivityTaskCancelRequested"});
  return token;
}

TEST_CASE("A started activity hears of its cancellation by heartbeat and answers Canceled") {
  TestRun run;
  ActivityWorker worker(run);
  const TaskToken token = StartedAndCancelRequested(run, worker);
  REQUIRE(run.Event(10).activity_task_cancel_requested_event_attributes().scheduled_event_id() == 5);
  REQUIRE(
      run.Event(10).activity_task_cancel_requested_event_attributes().workflow_task_completed_event_id() ==
      9);
  const auto heartbeat = worker.Heartbeat(token);
  REQUIRE(heartbeat.ok());
  REQUIRE(heartbeat->cancel_requested());
  REQUIRE(worker.Cancel(token, [](auto& r) { *r.mutable_details() = PayloadsOf("stopped"); }).ok());
  REQUIRE(run.EventsFrom(11) ==
          Names{"ActivityTaskStarted", "ActivityTaskCanceled", "WorkflowTaskScheduled"});
  const auto& canceled = run.Event(12).activity_task_canceled_event_attributes();
  REQUIRE(canceled.details().payloads(0).data() == "stopped");
  REQUIRE(canceled.latest_cancel_requested_event_id() == 10);
  REQUIRE(canceled.scheduled_event_id() == 5);
  REQUIRE(canceled.started_event_id() == 11);
  REQUIRE(canceled.identity() == "activity worker");
}

TEST_CASE("Canceled is refused where nobody asked for it") {
  TestRun run;
  ActivityWorker worker(run);
  StartWith(run, {ScheduleActivity("a1")});
  const TaskToken token = worker.Poll().token;
  const auto heartbeat = worker.Heartbeat(token);
  REQUIRE(heartbeat.ok());
  REQUIRE_FALSE(heartbeat->cancel_requested());
  const absl::Status refused = worker.Cancel(token);
  REQUIRE(refused.code() == absl::StatusCode::kInvalidArgument);
  REQUIRE(refused.message() ==
          "unable to mark activity as canceled without activity being request canceled first");
  REQUIRE(run.last_records().empty());
  REQUIRE(worker.Complete(token).ok());
}

TEST_CASE("A cancelled activity may complete all the same") {
  TestRun run;
  ActivityWorker worker(run);
  REQUIRE(worker.Complete(StartedAndCancelRequested(run, worker)).ok());
  REQUIRE(run.EventsFrom(11) ==
          Names{"ActivityTaskStarted", "ActivityTaskCompleted", "WorkflowTaskScheduled"});
}

TEST_CASE("A cancelled activity that fails or times out is not tried again") {
  TestRun failing;
  ActivityWorker failing_worker(failing);
  REQUIRE(failing_worker.Fail(StartedAndCancelRequested(failing, failing_worker)).ok());
  REQUIRE(failing.Event(12).activity_task_failed_event_attributes().retry_state() ==
          enums::RETRY_STATE_CANCEL_REQUESTED);

  TestRun late;
  ActivityWorker late_worker(late);
  StartedAndCancelRequested(late, late_worker);
  late.Advance(absl::Seconds(10));
  REQUIRE(late.EventsFrom(11) ==
          Names{"ActivityTaskStarted", "ActivityTaskTimedOut", "WorkflowTaskScheduled"});
  REQUIRE(late.Event(12).activity_task_timed_out_event_attributes().retry_state() ==
          enums::RETRY_STATE_CANCEL_REQUESTED);
}

TEST_CASE(
    "Cancellation of an activity that nobody took: it is canceled at once, and the workflow gets a new "
    "task") {
  TestRun run;
  ActivityWorker worker(run);
  StartWith(run, {ScheduleActivity("a1")});
  REQUIRE(run.Signal("go").ok());
  run.PollWorkflowTask();
  REQUIRE(run.Complete({CancelActivity(5)}).ok());
  REQUIRE(run.EventsFrom(9) == Names{"WorkflowTaskCompleted", "ActivityTaskCancelRequested",
                                     "ActivityTaskCanceled", "WorkflowTaskScheduled"});
  const auto& canceled = run.Event(11).activity_task_canceled_event_attributes();
  REQUIRE(canceled.details().payloads(0).data() == "\"ACTIVITY_ID_NOT_STARTED\"");
  REQUIRE(canceled.details().payloads(0).metadata().at("encoding") == "json/plain");
  REQUIRE(canceled.latest_cancel_requested_event_id() == 10);
  REQUIRE(canceled.started_event_id() == 0);
  REQUIRE(canceled.identity() == "worker");
  REQUIRE(worker.Waiting().empty());
}

TEST_CASE("Cancellation between two attempts is that of an activity that nobody took") {
  TestRun run;
  ActivityWorker worker(run);
  StartWith(run, {ScheduleActivity("a1")});
  REQUIRE(worker.Fail(worker.Poll().token).ok());
  REQUIRE(run.Signal("go").ok());
  run.PollWorkflowTask();
  REQUIRE(run.Complete({CancelActivity(5)}).ok());
  REQUIRE(run.EventsFrom(10) ==
          Names{"ActivityTaskCancelRequested", "ActivityTaskCanceled", "WorkflowTaskScheduled"});
}

TEST_CASE("The server's own Canceled comes after the events of the commands behind it") {
  TestRun run;
  StartWith(run, {ScheduleActivity("a1"), CancelActivity(5), StartTimer("t1", absl::Seconds(60))});
  REQUIRE(run.EventsFrom(4) == Names{"WorkflowTaskCompleted", "ActivityTaskScheduled",
                                     "ActivityTaskCancelRequested", "TimerStarted", "ActivityTaskCanceled",
                                     "WorkflowTaskScheduled"});
}

TEST_CASE("A run may cancel a waiting activity and close in one completion") {
  TestRun run;
  StartWith(run, {ScheduleActivity("a1"), CancelActivity(5), CompleteWorkflow()});
  REQUIRE(run.EventsFrom(4) == Names{"WorkflowTaskCompleted", "ActivityTaskScheduled",
                                     "ActivityTaskCancelRequested", "WorkflowExecutionCompleted"});
}

TEST_CASE(
    "An activity that ended while the workflow task ran may be cancelled: only the request is recorded") {
  TestRun run;
  ActivityWorker worker(run);
  StartWith(run, {ScheduleActivity("a1")});
  const TaskToken token = worker.Poll().token;
  REQUIRE(run.Signal("go").ok());
  run.PollWorkflowTask();
  REQUIRE(worker.Complete(token).ok());
  REQUIRE(run.Complete({CancelActivity(5)}).ok());
  REQUIRE(run.EventsFrom(9) == Names{"WorkflowTaskCompleted", "ActivityTaskCancelRequested",
                                     "ActivityTaskStarted", "ActivityTaskCompleted",
                                     "WorkflowTaskScheduled"});
}

TEST_CASE("Cancellation that makes no sense fails the workflow task") {
  TestRun run;
  ActivityWorker worker(run);
  StartedAndCancelRequested(run, worker);
  const std::string unknown =
      "BadRequestCancelActivityAttributes: invalid history builder state for action: "
      "add-activitytask-cancel-requested-event, ScheduledEventID: ";
  const auto refused = [&](const Command& command) {
    TestRun another;
    REQUIRE(another.Start().ok());
    another.PollWorkflowTask();
    const absl::Status status = another.Complete({command}).status();
    REQUIRE(status.code() == absl::StatusCode::kInvalidArgument);
    REQUIRE(another.Event(4).workflow_task_failed_event_attributes().cause() ==
            enums::WORKFLOW_TASK_FAILED_CAUSE_BAD_REQUEST_CANCEL_ACTIVITY_ATTRIBUTES);
    return std::string(status.message());
  };
  REQUIRE(
      refused(CancelActivity(0)) ==
      "BadRequestCancelActivityAttributes: ScheduledEventId is not set on RequestCancelActivityTaskCommand.");
  REQUIRE(refused(CancelActivity(77)) == unknown + "77");
  REQUIRE(refused(CancelActivity(2)) == unknown + "2");

  // Twice for the same activity.
  REQUIRE(run.Signal("go").ok());
  run.PollWorkflowTask();
  REQUIRE(run.Complete({CancelActivity(5)}).status().message() == unknown + "5");
}

TEST_CASE("Details of a cancellation over the limit: the call succeeds and the activity fails") {
  TestRun run;
  ActivityWorker worker(run);
  const TaskToken token = StartedAndCancelRequested(run, worker);
  const std::string big(limits::kBlobSize + 1, 'x');
  REQUIRE(worker.Cancel(token, [&](auto& r) { *r.mutable_details() = PayloadsOf(big); }).ok());
  const auto& failed = run.Event(12).activity_task_failed_event_attributes();
  REQUIRE(failed.failure().message() == "Cancel details exceed size limit.");
  // A request to cancel is looked at before the kind of failure.
  REQUIRE(failed.retry_state() == enums::RETRY_STATE_CANCEL_REQUESTED);
}

}  // namespace
}  // namespace perdure::engine::workflow::testing
