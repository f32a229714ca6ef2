// The way of an activity from its command to its end.

#include <catch2/catch.hpp>

#include "base/limits.h"
#include "base/time.h"
#include "engine/workflow/testing/activity_worker.h"

namespace perdure::engine::workflow::testing {
namespace {

namespace enums = temporal::api::enums::v1;

const auto& ScheduledAttributes(const TestRun& run, int64_t event_id) {
  return run.Event(event_id).activity_task_scheduled_event_attributes();
}

TEST_CASE("An activity is scheduled, started and completed; Started is written when it closes") {
  TestRun run;
  ActivityWorker worker(run);
  StartWith(run, {ScheduleActivity("a1", [](auto& a) { *a.mutable_input() = PayloadsOf("in"); })});
  REQUIRE(run.EventsFrom(4) == Names{"WorkflowTaskCompleted", "ActivityTaskScheduled"});

  run.Sleep(absl::Seconds(2));
  const absl::Time started = run.now();
  const ActivityTaskReply task = worker.Poll();
  REQUIRE(run.EventsFrom(6).empty());
  REQUIRE(worker.Waiting().empty());

  run.Sleep(absl::Seconds(1));
  REQUIRE(worker.Complete(task.token, [](auto& r) { *r.mutable_result() = PayloadsOf("out"); }).ok());
  REQUIRE(run.EventsFrom(6) ==
          Names{"ActivityTaskStarted", "ActivityTaskCompleted", "WorkflowTaskScheduled"});
  const auto& started_event = run.Event(6).activity_task_started_event_attributes();
  REQUIRE(FromProto(run.Event(6).event_time()) == started);
  REQUIRE(started_event.scheduled_event_id() == 5);
  REQUIRE(started_event.identity() == "activity worker");
  REQUIRE(started_event.request_id() == "activity-poll-1");
  REQUIRE(started_event.attempt() == 1);
  REQUIRE_FALSE(started_event.has_last_failure());
  const auto& completed = run.Event(7).activity_task_completed_event_attributes();
  REQUIRE(FromProto(run.Event(7).event_time()) == run.now());
  REQUIRE(completed.scheduled_event_id() == 5);
  REQUIRE(completed.started_event_id() == 6);
  REQUIRE(completed.result().payloads(0).data() == "out");
  REQUIRE(completed.identity() == "activity worker");
  REQUIRE(run.state().activities->empty());
  REQUIRE(run.state().activity_ids->empty());
}

TEST_CASE("A start that reached no worker is taken back: the same attempt waits for a worker again") {
  TestRun run;
  ActivityWorker worker(run);
  StartWith(run, {ScheduleActivity("a1")});
  const absl::Time scheduled = worker.Waiting().at(0).scheduled_time;
  const ActivityTaskReply lost = worker.Poll();
  REQUIRE(worker.Waiting().empty());
  run.Sleep(absl::Seconds(1));
  REQUIRE(worker.Return(lost.token).ok());
  REQUIRE(worker.Waiting().size() == 1);
  REQUIRE(worker.Waiting()[0].scheduled_time == scheduled);
  REQUIRE(absl::IsNotFound(worker.Return(lost.token)));

  const ActivityTaskReply task = worker.Poll();
  REQUIRE(task.response.attempt() == 1);
  REQUIRE(absl::IsNotFound(worker.Return(lost.token)));
  REQUIRE(absl::IsNotFound(worker.Complete(lost.token)));
  REQUIRE(worker.Complete(task.token).ok());
  REQUIRE(run.EventsFrom(6) ==
          Names{"ActivityTaskStarted", "ActivityTaskCompleted", "WorkflowTaskScheduled"});
  REQUIRE(run.Event(6).activity_task_started_event_attributes().request_id() == "activity-poll-2");
}

TEST_CASE("The scheduled event holds what the command left open") {
  TestRun run;
  StartWith(run, {ScheduleActivity("a1", [](auto& a) {
              a.clear_start_to_close_timeout();
              *a.mutable_schedule_to_close_timeout() = ToProto(absl::Seconds(20));
              *a.mutable_heartbeat_timeout() = ToProto(absl::Seconds(50));
            })});
  const auto& scheduled = ScheduledAttributes(run, 5);
  REQUIRE(scheduled.task_queue().kind() == enums::TASK_QUEUE_KIND_NORMAL);
  REQUIRE(FromProto(scheduled.schedule_to_close_timeout()) == absl::Seconds(20));
  REQUIRE(FromProto(scheduled.schedule_to_start_timeout()) == absl::Seconds(20));
  REQUIRE(FromProto(scheduled.start_to_close_timeout()) == absl::Seconds(20));
  REQUIRE(FromProto(scheduled.heartbeat_timeout()) == absl::Seconds(20));
  REQUIRE(scheduled.workflow_task_completed_event_id() == 4);
  REQUIRE(FromProto(scheduled.retry_policy().initial_interval()) == absl::Seconds(1));
  REQUIRE(scheduled.retry_policy().backoff_coefficient() == 2.0);
  REQUIRE(FromProto(scheduled.retry_policy().maximum_interval()) == absl::Seconds(100));
  REQUIRE(scheduled.retry_policy().maximum_attempts() == 0);
}

TEST_CASE("Timeouts that are not set are there as zero, and those of the run cut them") {
  TestRun run;
  StartWith(run, {ScheduleActivity("a1")});
  REQUIRE(ScheduledAttributes(run, 5).has_schedule_to_close_timeout());
  REQUIRE(ScheduledAttributes(run, 5).has_schedule_to_start_timeout());
  REQUIRE(ScheduledAttributes(run, 5).has_heartbeat_timeout());
  REQUIRE(FromProto(ScheduledAttributes(run, 5).schedule_to_close_timeout()) == absl::ZeroDuration());

  TestRun short_run;
  StartWith(short_run,
            {ScheduleActivity(
                 "a1", [](auto& a) { *a.mutable_start_to_close_timeout() = ToProto(absl::Seconds(200)); }),
             ScheduleActivity("a2",
                              [](auto& a) {
                                *a.mutable_schedule_to_start_timeout() = ToProto(absl::Seconds(150));
                                *a.mutable_heartbeat_timeout() = ToProto(absl::Seconds(50));
                              })},
            [](auto& start) { *start.mutable_workflow_run_timeout() = ToProto(absl::Seconds(100)); });
  const auto& first = ScheduledAttributes(short_run, 5);
  REQUIRE(FromProto(first.schedule_to_close_timeout()) == absl::Seconds(100));
  REQUIRE(FromProto(first.schedule_to_start_timeout()) == absl::Seconds(100));
  REQUIRE(FromProto(first.start_to_close_timeout()) == absl::Seconds(100));
  const auto& second = ScheduledAttributes(short_run, 6);
  REQUIRE(FromProto(second.schedule_to_start_timeout()) == absl::Seconds(100));
  REQUIRE(FromProto(second.start_to_close_timeout()) == absl::Seconds(10));
  REQUIRE(FromProto(second.heartbeat_timeout()) == absl::Seconds(10));
}

TEST_CASE("What a worker gets with an activity task") {
  TestRun run;
  ActivityWorker worker(run);
  StartWith(run, {ScheduleActivity("a1", [](auto& a) {
              *a.mutable_input() = PayloadsOf("in");
              (*a.mutable_header()->mutable_fields())["trace"].set_data("t");
              a.mutable_retry_policy()->add_non_retryable_error_types("Fatal");
            })});
  const absl::Time scheduled = run.now();
  run.Sleep(absl::Seconds(3));
  const api::PollActivityTaskQueueResponse task = worker.Poll().response;
  REQUIRE(task.workflow_namespace() == "default");
  REQUIRE(task.workflow_type().name() == "Greet");
  REQUIRE(task.workflow_execution().workflow_id() == "wf");
  REQUIRE(task.workflow_execution().run_id() == run.state().facts->run_id.ToString());
  REQUIRE(task.activity_type().name() == "Act");
  REQUIRE(task.activity_id() == "a1");
  REQUIRE(task.input().payloads(0).data() == "in");
  REQUIRE(task.header().fields().at("trace").data() == "t");
  REQUIRE(FromProto(task.scheduled_time()) == scheduled);
  REQUIRE(FromProto(task.current_attempt_scheduled_time()) == scheduled);
  REQUIRE(FromProto(task.started_time()) == run.now());
  REQUIRE(task.attempt() == 1);
  REQUIRE(task.has_schedule_to_close_timeout());
  REQUIRE(FromProto(task.start_to_close_timeout()) == absl::Seconds(10));
  REQUIRE(task.has_heartbeat_timeout());
  REQUIRE(task.retry_policy().non_retryable_error_types(0) == "Fatal");
  REQUIRE_FALSE(task.has_heartbeat_details());
  REQUIRE_FALSE(task.has_priority());
  REQUIRE(task.task_token().empty());
}

TEST_CASE("An activity's priority is filled from the run's") {
  TestRun run;
  ActivityWorker worker(run);
  StartWith(run,
            {ScheduleActivity("a1", [](auto& a) { a.mutable_priority()->set_priority_key(1); }),
             ScheduleActivity("a2")},
            [](auto& start) {
              start.mutable_priority()->set_priority_key(4);
              start.mutable_priority()->set_fairness_key("tenant");
            });
  REQUIRE(worker.Waiting()[0].priority_key == 1);
  REQUIRE(worker.Waiting()[1].priority_key == 4);
  const ActivityTaskReply first = worker.Poll();
  REQUIRE(first.response.priority().priority_key() == 1);
  REQUIRE(first.response.priority().fairness_key() == "tenant");
  REQUIRE(worker.Poll().response.priority().priority_key() == 4);
}

TEST_CASE("A start is repeated for the same poll and refused to any other") {
  TestRun run;
  ActivityWorker worker(run);
  StartWith(run, {ScheduleActivity("a1")});
  const ActivityTaskReply task = worker.Poll();
  StartActivityTask again{5, 1, "activity-poll-1", "activity worker", {}};
  run.Sleep(absl::Seconds(1));
  const absl::StatusOr<Reply> repeated = run.Do(again);
  REQUIRE(repeated.ok());
  REQUIRE(run.last_records().empty());
  REQUIRE(std::get<ActivityTaskReply>(*repeated).response.SerializeAsString() ==
          task.response.SerializeAsString());
  REQUIRE(std::get<ActivityTaskReply>(*repeated).token.SerializeAsString() == task.token.SerializeAsString());

  again.request_id = "other-poll";
  REQUIRE(run.Do(again).status().code() == absl::StatusCode::kNotFound);
  again = {5, 2, "activity-poll-1", "activity worker", {}};
  REQUIRE(run.Do(again).status().code() == absl::StatusCode::kNotFound);
  again = {77, 1, "activity-poll-1", "activity worker", {}};
  REQUIRE(run.Do(again).status().code() == absl::StatusCode::kNotFound);
}

TEST_CASE("The start of an attempt survives a crash") {
  TestRun run;
  ActivityWorker worker(run);
  StartWith(run, {ScheduleActivity("a1")});
  const ActivityTaskReply task = worker.Poll();
  run.Crash();
  REQUIRE(worker.Waiting().empty());
  REQUIRE(worker.Complete(task.token).ok());
}

TEST_CASE("A second answer, and one after the run closed, find nothing") {
  TestRun run;
  ActivityWorker worker(run);
  StartWith(run, {ScheduleActivity("a1"), ScheduleActivity("a2")});
  const TaskToken first = worker.Poll().token;
  const TaskToken second = worker.Poll().token;
  REQUIRE(worker.Complete(first).ok());
  const absl::Status again = worker.Complete(first);
  REQUIRE(again.code() == absl::StatusCode::kNotFound);
  REQUIRE(again.message() ==
          "invalid activityID or activity already timed out or invoking workflow is completed");
  REQUIRE(worker.Fail(first).status() == again);
  REQUIRE(worker.Cancel(first) == again);
  REQUIRE(worker.Heartbeat(first).status() == again);
  REQUIRE(run.last_records().empty());

  REQUIRE(run.Terminate().ok());
  REQUIRE(worker.Complete(second).message() == "workflow execution already completed");
  REQUIRE(run.obligations().dispatches.empty());
}

TEST_CASE("Answers by id need a start, except completing") {
  TestRun run;
  ActivityWorker worker(run);
  StartWith(run, {ScheduleActivity("a1")});
  REQUIRE(worker.Heartbeat(ById("a1")).status().code() == absl::StatusCode::kNotFound);
  REQUIRE(worker.Fail(ById("a1")).status().code() == absl::StatusCode::kNotFound);
  REQUIRE(worker.Cancel(ById("a1")).code() == absl::StatusCode::kNotFound);
  REQUIRE(
      worker.Complete(ById("none")).message() ==
      "cannot find pending activity with ActivityID none, check workflow execution history for more details");
  REQUIRE(worker.Complete(ById("")).message() == "activityID cannot be empty");

  REQUIRE(worker.Complete(ById("a1"), [](auto& r) { r.set_identity("human"); }).ok());
  REQUIRE(run.EventsFrom(6) ==
          Names{"ActivityTaskStarted", "ActivityTaskCompleted", "WorkflowTaskScheduled"});
  const auto& started = run.Event(6).activity_task_started_event_attributes();
  REQUIRE(started.identity() == "human");
  REQUIRE(started.request_id().empty());
  REQUIRE(started.attempt() == 1);
  REQUIRE(run.Event(7).activity_task_completed_event_attributes().started_event_id() == 6);
}

TEST_CASE("An activity id is free again once the activity has ended") {
  TestRun run;
  ActivityWorker worker(run);
  StartWith(run, {ScheduleActivity("a1")});
  REQUIRE(worker.Complete(worker.Poll().token).ok());
  run.PollWorkflowTask();
  REQUIRE(run.Complete({ScheduleActivity("a1")}).ok());
  REQUIRE(worker.Complete(worker.Poll().token).ok());
}

TEST_CASE("Ends that arrive while a workflow task runs come after what arrived later") {
  TestRun run;
  ActivityWorker worker(run);
  StartWith(run, {ScheduleActivity("a1"), ScheduleActivity("a2", [](auto& a) {
                    a.mutable_retry_policy()->set_maximum_attempts(1);
                  })});
  const TaskToken first = worker.Poll().token;
  const TaskToken second = worker.Poll().token;
  REQUIRE(run.Signal("zero").ok());
  run.PollWorkflowTask();
  REQUIRE(worker.Complete(first).ok());
  REQUIRE(run.Signal("one").ok());
  REQUIRE(worker.Fail(second).ok());
  REQUIRE(run.Signal("two").ok());
  REQUIRE(run.EventsFrom(10).empty());
  REQUIRE(worker.Complete(first).code() == absl::StatusCode::kNotFound);
  REQUIRE(run.Complete().ok());
  REQUIRE(run.EventsFrom(10) == Names{"WorkflowTaskCompleted", "ActivityTaskStarted",
                                      "WorkflowExecutionSignaled", "ActivityTaskStarted",
                                      "WorkflowExecutionSignaled", "ActivityTaskCompleted",
                                      "ActivityTaskFailed", "WorkflowTaskScheduled"});
  REQUIRE(run.Event(15).activity_task_completed_event_attributes().started_event_id() == 11);
  REQUIRE(run.Event(16).activity_task_failed_event_attributes().started_event_id() == 13);
}

TEST_CASE("A result over the limit: the call succeeds and the activity fails") {
  TestRun run;
  ActivityWorker worker(run);
  StartWith(run, {ScheduleActivity("a1")});
  const std::string big(limits::kBlobSize + 1, 'x');
  REQUIRE(worker.Complete(worker.Poll().token, [&](auto& r) { *r.mutable_result() = PayloadsOf(big); }).ok());
  REQUIRE(run.EventsFrom(6) == Names{"ActivityTaskStarted", "ActivityTaskFailed", "WorkflowTaskScheduled"});
  const auto& failed = run.Event(7).activity_task_failed_event_attributes();
  REQUIRE(failed.failure().message() == "Complete result exceeds size limit.");
  REQUIRE(failed.failure().server_failure_info().non_retryable());
  REQUIRE(failed.retry_state() == enums::RETRY_STATE_NON_RETRYABLE_FAILURE);
}

TEST_CASE("Heartbeat details over the limit: the call succeeds, asks to cancel, and the activity fails") {
  TestRun run;
  ActivityWorker worker(run);
  StartWith(run, {ScheduleActivity("a1")});
  const std::string big(limits::kBlobSize + 1, 'x');
  const auto reply =
      worker.Heartbeat(worker.Poll().token, [&](auto& r) { *r.mutable_details() = PayloadsOf(big); });
  REQUIRE(reply.ok());
  REQUIRE(reply->cancel_requested());
  REQUIRE(run.Event(7).activity_task_failed_event_attributes().failure().message() ==
          "Heartbeat details exceed size limit.");
}

TEST_CASE("A failure over the limit is cut, and the worker is told") {
  TestRun run;
  ActivityWorker worker(run);
  StartWith(run, {ScheduleActivity("a1")});
  const auto reply = worker.Fail(worker.Poll().token, [](auto& r) {
    r.mutable_failure()->set_message(std::string(2'200'000, 'x'));
    r.mutable_failure()->set_source("oracle");
    *r.mutable_last_heartbeat_details() = PayloadsOf(std::string(2'200'000, 'y'));
  });
  REQUIRE(reply.ok());
  REQUIRE(reply->failures().size() == 2);
  REQUIRE(reply->failures(0).message() == "Heartbeat details exceed size limit.");
  const auto& failed = run.Event(7).activity_task_failed_event_attributes();
  REQUIRE(failed.failure().SerializeAsString() == reply->failures(1).SerializeAsString());
  REQUIRE(failed.failure().message() == "Failure exceeds size limit.");
  REQUIRE(failed.failure().server_failure_info().non_retryable());
  REQUIRE(failed.failure().cause().message() == std::string(524'260, 'x'));  // as the real server cuts it
  REQUIRE(failed.failure().cause().application_failure_info().type() == "Broken");
}

TEST_CASE("An activity asked for eagerly comes started with the completion's answer") {
  TestRun run;
  ActivityWorker worker(run);
  REQUIRE(run.Start().ok());
  run.PollWorkflowTask();
  const auto reply = run.Complete(
      {ScheduleActivity("a1", [](auto& a) { a.set_request_eager_execution(true); }), ScheduleActivity("a2")});
  REQUIRE(reply.ok());
  REQUIRE(reply->eager_activities.size() == 1);
  REQUIRE(reply->eager_activities[0].response.activity_id() == "a1");
  REQUIRE(worker.Waiting().size() == 1);
  REQUIRE(worker.Complete(reply->eager_activities[0].token).ok());
  REQUIRE(run.Event(7).activity_task_started_event_attributes().identity() == "worker");
}

TEST_CASE("An eager activity that the same completion cancels is not handed out") {
  TestRun run;
  REQUIRE(run.Start().ok());
  run.PollWorkflowTask();
  const auto reply = run.Complete(
      {ScheduleActivity("a1", [](auto& a) { a.set_request_eager_execution(true); }), CancelActivity(5)});
  REQUIRE(reply.ok());
  REQUIRE(reply->eager_activities.empty());
}

TEST_CASE("What the worker says about its version stands in the started event") {
  TestRun run;
  ActivityWorker worker(run);
  StartWith(run, {ScheduleActivity("a1")});
  REQUIRE(
      worker.Complete(worker.Poll().token, [](auto& r) { r.mutable_worker_version()->set_build_id("1.0"); })
          .ok());
  REQUIRE(run.Event(6).activity_task_started_event_attributes().worker_version().build_id() == "1.0");
}

TEST_CASE("A command's user metadata goes with its event") {
  TestRun run;
  Command schedule = ScheduleActivity("a1");
  schedule.mutable_user_metadata()->mutable_summary()->set_data("what it does");
  Command timer = StartTimer("t1", absl::Seconds(1));
  timer.mutable_user_metadata()->mutable_summary()->set_data("waits");
  StartWith(run, {schedule, timer});
  REQUIRE(run.Event(5).user_metadata().summary().data() == "what it does");
  REQUIRE(run.Event(6).user_metadata().summary().data() == "waits");
}

}  // namespace
}  // namespace perdure::engine::workflow::testing
