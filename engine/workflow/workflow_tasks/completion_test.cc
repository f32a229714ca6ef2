// RespondWorkflowTaskCompleted: what does not count, and what follows.

#include <catch2/catch.hpp>

#include "base/limits.h"
#include "engine/workflow/testing/test_run.h"

namespace perdure::engine::workflow::testing {
namespace {

namespace enums = temporal::api::enums::v1;

void Force(api::RespondWorkflowTaskCompletedRequest& request) {
  request.set_force_create_new_workflow_task(true);
}
void ForceAndReturn(api::RespondWorkflowTaskCompletedRequest& request) {
  request.set_force_create_new_workflow_task(true);
  request.set_return_new_workflow_task(true);
}

void StartTask(TestRun& run) {
  REQUIRE(run.Start().ok());
  run.PollWorkflowTask();
}

TEST_CASE("Signals while the task runs come after its completion, in order, and bring another task") {
  TestRun run;
  StartTask(run);
  REQUIRE(run.Signal("one").ok());
  REQUIRE(run.Signal("two").ok());
  CHECK(run.Events().size() == 3);
  REQUIRE(run.Complete({Marker("m")}).ok());
  CHECK(run.EventsFrom(4) == Names{"WorkflowTaskCompleted", "MarkerRecorded", "WorkflowExecutionSignaled",
                                   "WorkflowExecutionSignaled", "WorkflowTaskScheduled"});
  CHECK(run.Event(6).workflow_execution_signaled_event_attributes().signal_name() == "one");
  CHECK(run.Event(7).workflow_execution_signaled_event_attributes().signal_name() == "two");
}

TEST_CASE("API fact 1: completing over a buffered event fails the task with UNHANDLED_COMMAND") {
  TestRun run;
  StartTask(run);
  REQUIRE(run.Signal("go").ok());
  const absl::Status status = run.Complete({CompleteWorkflow()}).status();
  CHECK(status.code() == absl::StatusCode::kInvalidArgument);
  CHECK(status.message() == "UnhandledCommand");
  CHECK(run.EventsFrom(4) ==
        Names{"WorkflowTaskFailed", "WorkflowExecutionSignaled", "WorkflowTaskScheduled"});
  const auto& failed = run.Event(4).workflow_task_failed_event_attributes();
  CHECK(failed.cause() == enums::WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND);
  CHECK(failed.failure().message() == "UnhandledCommand");
  CHECK(failed.failure().has_server_failure_info());
  CHECK(failed.identity() == "worker");
  CHECK(run.Event(6).workflow_task_scheduled_event_attributes().attempt() == 1);
  run.PollWorkflowTask();
  REQUIRE(run.Complete({CompleteWorkflow()}).ok());
}

TEST_CASE("After UNHANDLED_COMMAND signals are refused while the next task runs, so that the run can close") {
  TestRun run;
  StartTask(run);
  REQUIRE(run.Signal("one").ok());
  REQUIRE_FALSE(run.Complete({CompleteWorkflow()}).ok());
  REQUIRE(run.Signal("two").ok());
  run.PollWorkflowTask();
  const absl::Status refused = run.Signal("three");
  CHECK(refused.code() == absl::StatusCode::kResourceExhausted);
  CHECK(refused.message() == "workflow operation can not be applied because workflow is closing");
  REQUIRE(run.Complete({CompleteWorkflow()}).ok());
}

TEST_CASE("API fact 3: a bad command on attempt 1 fails the task, nothing of the completion counts") {
  TestRun run;
  StartTask(run);
  const absl::Status status = run.Complete({Marker("good"), Marker("")}).status();
  CHECK(status.code() == absl::StatusCode::kInvalidArgument);
  CHECK(status.message() == "BadRecordMarkerAttributes: MarkerName is not set on RecordMarkerCommand.");
  CHECK(run.EventsFrom(4) == Names{"WorkflowTaskFailed"});
  const auto& failed = run.Event(4).workflow_task_failed_event_attributes();
  CHECK(failed.cause() == enums::WORKFLOW_TASK_FAILED_CAUSE_BAD_RECORD_MARKER_ATTRIBUTES);
  CHECK(failed.failure().message() == status.message());
}

TEST_CASE(
    "API fact 3: a bad command on a later attempt is an error without an event, and the task times out") {
  TestRun run;
  StartTask(run);
  REQUIRE_FALSE(run.Complete({Marker("")}).ok());
  run.PollWorkflowTask();
  const absl::Status status = run.Complete({Marker("")}).status();
  CHECK(status.message() == "BadRecordMarkerAttributes: MarkerName is not set on RecordMarkerCommand.");
  CHECK(run.last_records().empty());
  CHECK(run.state().workflow_task.running() != nullptr);
  run.Advance(absl::Seconds(10));
  CHECK(run.PollWorkflowTask().response.attempt() == 3);
  REQUIRE(run.Complete({CompleteWorkflow()}).ok());
}

TEST_CASE("UNHANDLED_COMMAND fails a later attempt too; its signal makes the next task a first attempt") {
  TestRun run;
  StartTask(run);
  REQUIRE(run.FailTask().ok());
  run.PollWorkflowTask();
  REQUIRE(run.Signal("go").ok());
  CHECK(run.Complete({CompleteWorkflow()}).status().message() == "UnhandledCommand");
  CHECK(run.EventsFrom(5) == Names{"WorkflowExecutionSignaled", "WorkflowTaskScheduled"});
  run.PollWorkflowTask();
  CHECK(run.Signal("late").code() == absl::StatusCode::kResourceExhausted);
}

TEST_CASE("A completion whose commands are out of order changes nothing") {
  TestRun run;
  StartTask(run);
  const absl::Status status = run.Complete({CompleteWorkflow(), Marker("late")}).status();
  CHECK(status.code() == absl::StatusCode::kInvalidArgument);
  CHECK(status.message() ==
        "invalid command sequence: [CompleteWorkflowExecution, RecordMarker], command "
        "CompleteWorkflowExecution must "
        "be the last command.");
  CHECK(run.last_records().empty());
  CHECK(run.Complete({Command()}).status().message() == "unknown command type: Unspecified");
  REQUIRE(run.Complete({CompleteWorkflow()}).ok());
}

TEST_CASE("A command that this server does not know yet fails the task, naming it") {
  TestRun run;
  StartTask(run);
  Command nexus;
  nexus.set_command_type(enums::COMMAND_TYPE_SCHEDULE_NEXUS_OPERATION);
  nexus.mutable_schedule_nexus_operation_command_attributes();
  const absl::Status status = run.Complete({nexus}).status();
  CHECK(status.code() == absl::StatusCode::kInvalidArgument);
  CHECK(status.message() ==
        "FeatureDisabled: the command ScheduleNexusOperation is not supported by this server yet");
  CHECK(run.EventsFrom(4) == Names{"WorkflowTaskFailed"});
}

TEST_CASE("A forced task can come back with the answer") {
  TestRun run;
  StartTask(run);
  const auto reply = run.Complete({}, ForceAndReturn);
  REQUIRE(reply.ok());
  REQUIRE(reply->workflow_task.has_value());
  const WorkflowTaskReply& task = *reply->workflow_task;
  CHECK(task.history_from == 4);
  CHECK(task.history_to == 5);
  CHECK(task.response.started_event_id() == 6);
  CHECK(task.response.previous_started_event_id() == 3);
  const auto tail = ParseFramed(task.tail);
  REQUIRE(tail.size() == 1);
  const auto& started = tail[0].workflow_task_started_event_attributes();
  CHECK(started.request_id() == "request-from-RespondWorkflowTaskCompleted");
  CHECK(started.identity() == "worker");
  REQUIRE(run.Complete({CompleteWorkflow()}).ok());
}

TEST_CASE("Starts that came with answers are told apart by their tokens") {
  TestRun run;
  StartTask(run);
  const auto first = run.Complete({}, ForceAndReturn);
  REQUIRE(first.ok());
  run.Crash();
  run.Sleep(absl::Seconds(1));
  run.PollWorkflowTask();
  CHECK(run.CompleteWith(first->workflow_task->token).status().code() == absl::StatusCode::kNotFound);
}

TEST_CASE("API fact 8: heartbeats for more than 30 minutes time the task out") {
  TestRun run;
  StartTask(run);
  const absl::Time since = run.now();
  absl::Status status;
  while (run.now() - since <= limits::kWorkflowTaskHeartbeatTimeout) {
    run.Sleep(absl::Seconds(9));
    status = run.Complete({}, ForceAndReturn).status();
    if (!status.ok()) break;
  }
  CHECK(status.code() == absl::StatusCode::kNotFound);
  CHECK(status.message() == "workflow task heartbeat timeout");
  CHECK(run.now() - since > limits::kWorkflowTaskHeartbeatTimeout);
  CHECK(run.Events().back() == "WorkflowTaskTimedOut");
  CHECK(run.PollWorkflowTask().response.attempt() == 2);
}

TEST_CASE("A heartbeat with a command starts the chain of heartbeats anew") {
  TestRun run;
  StartTask(run);
  for (int i = 0; i < 400; ++i) {
    run.Sleep(absl::Seconds(9));
    const bool works = i % 100 == 99;
    REQUIRE(run.Complete(works ? std::vector{Marker("m")} : std::vector<Command>{}, ForceAndReturn).ok());
  }
}

TEST_CASE("A forced task without its return waits for a poll") {
  TestRun run;
  StartTask(run);
  const auto reply = run.Complete({}, Force);
  REQUIRE(reply.ok());
  CHECK_FALSE(reply->workflow_task.has_value());
  CHECK(run.PendingWorkflowTask()->scheduled_event_id == 5);
}

TEST_CASE("What the worker says about itself stands in WorkflowTaskCompleted") {
  TestRun run;
  StartTask(run);
  REQUIRE(run.Complete({},
                       [](auto& request) {
                         request.mutable_worker_version_stamp()->set_build_id("build-1");
                         request.mutable_sdk_metadata()->set_sdk_name("sdk");
                         request.mutable_metering_metadata()->set_nonfirst_local_activity_execution_attempts(
                             3);
                         request.set_binary_checksum("checksum");
                       })
              .ok());
  const auto& completed = run.Event(4).workflow_task_completed_event_attributes();
  CHECK(completed.worker_version().build_id() == "build-1");
  CHECK(completed.sdk_metadata().sdk_name() == "sdk");
  CHECK(completed.metering_metadata().nonfirst_local_activity_execution_attempts() == 3);
  CHECK(completed.binary_checksum() == "checksum");
  CHECK(run.state().auto_reset_points->points(0).build_id() == "build-1");
}

TEST_CASE("Versioning behaviour needs deployment options; pages are refused") {
  TestRun run;
  StartTask(run);
  CHECK(run.Complete(
               {}, [](auto& request) { request.set_versioning_behavior(enums::VERSIONING_BEHAVIOR_PINNED); })
            .status()
            .code() == absl::StatusCode::kInvalidArgument);
  CHECK(run.Complete({}, [](auto& request) { request.set_intermediate_page(true); }).status().code() ==
        absl::StatusCode::kFailedPrecondition);
  CHECK(run.last_records().empty());
}

}  // namespace
}  // namespace perdure::engine::workflow::testing
