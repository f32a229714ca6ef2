#include <catch2/catch.hpp>

#include "base/time.h"
#include "engine/workflow/testing/activity_worker.h"

namespace perdure::engine::workflow::testing {
namespace {

namespace enums = temporal::api::enums::v1;
using Attributes = temporal::api::command::v1::ScheduleActivityTaskCommandAttributes;

google::protobuf::Duration Secs(double seconds) { return ToProto(absl::Seconds(seconds)); }

const auto& TimedOut(const TestRun& run, int64_t event_id) {
  return run.Event(event_id).activity_task_timed_out_event_attributes();
}

void OneAttempt(Attributes& attributes) { attributes.mutable_retry_policy()->set_maximum_attempts(1); }

TEST_CASE("Start-to-close: the only attempt takes too long") {
  TestRun run;
  ActivityWorker worker(run);
  StartWith(run, {ScheduleActivity("a1", OneAttempt)});
  run.Advance(absl::Seconds(100));
  const TaskToken late = worker.Poll().token;
  run.Advance(absl::Seconds(9));
  REQUIRE(run.EventsFrom(6).empty());
  run.Advance(absl::Seconds(1));
  REQUIRE(run.EventsFrom(6) == Names{"ActivityTaskStarted", "ActivityTaskTimedOut", "WorkflowTaskScheduled"});
  REQUIRE(TimedOut(run, 7).failure().message() == "activity StartToClose timeout");
  REQUIRE(TimedOut(run, 7).failure().source() == "Server");
  REQUIRE(TimedOut(run, 7).failure().timeout_failure_info().timeout_type() ==
          enums::TIMEOUT_TYPE_START_TO_CLOSE);
  REQUIRE_FALSE(TimedOut(run, 7).failure().has_cause());
  REQUIRE(TimedOut(run, 7).scheduled_event_id() == 5);
  REQUIRE(TimedOut(run, 7).started_event_id() == 6);
  REQUIRE(TimedOut(run, 7).retry_state() == enums::RETRY_STATE_MAXIMUM_ATTEMPTS_REACHED);
  REQUIRE(worker.Complete(late).code() == absl::StatusCode::kNotFound);
}

TEST_CASE("Start-to-close: an attempt that takes too long is tried again") {
  TestRun run;
  ActivityWorker worker(run);
  StartWith(run, {ScheduleActivity("a1")});
  const TaskToken late = worker.Poll().token;
  run.Advance(absl::Seconds(10));
  REQUIRE(run.EventsFrom(6).empty());
  REQUIRE(worker.Complete(late).code() == absl::StatusCode::kNotFound);
  run.Advance(absl::Seconds(1));
  const ActivityTaskReply second = worker.Poll();
  REQUIRE(second.response.attempt() == 2);
  REQUIRE(worker.Complete(late).code() == absl::StatusCode::kNotFound);
  REQUIRE(worker.Complete(second.token).ok());
  const auto& started = run.Event(6).activity_task_started_event_attributes();
  REQUIRE(started.attempt() == 2);
  REQUIRE(started.last_failure().message() == "activity StartToClose timeout");
}

TEST_CASE("Heartbeat: heartbeats put the timeout off, and it carries their last details") {
  TestRun run;
  ActivityWorker worker(run);
  StartWith(run, {ScheduleActivity("a1", [](auto& a) {
              OneAttempt(a);
              *a.mutable_heartbeat_timeout() = Secs(2);
            })});
  const TaskToken token = worker.Poll().token;
  run.Advance(absl::Seconds(1.5));
  REQUIRE(worker.Heartbeat(token, [](auto& r) { *r.mutable_details() = PayloadsOf("half"); }).ok());
  REQUIRE(run.EventsFrom(6).empty());
  run.Advance(absl::Seconds(1.9));
  REQUIRE(run.EventsFrom(6).empty());
  run.Advance(absl::Seconds(0.1));
  REQUIRE(TimedOut(run, 7).failure().message() == "activity Heartbeat timeout");
  const auto& info = TimedOut(run, 7).failure().timeout_failure_info();
  REQUIRE(info.timeout_type() == enums::TIMEOUT_TYPE_HEARTBEAT);
  REQUIRE(info.last_heartbeat_details().payloads(0).data() == "half");
  REQUIRE(TimedOut(run, 7).retry_state() == enums::RETRY_STATE_MAXIMUM_ATTEMPTS_REACHED);
}

TEST_CASE(
    "Heartbeat: an attempt whose heartbeats stop is tried again, and its heartbeats do not count for the "
    "next") {
  TestRun run;
  ActivityWorker worker(run);
  StartWith(run, {ScheduleActivity("a1", [](auto& a) { *a.mutable_heartbeat_timeout() = Secs(2); })});
  REQUIRE(
      worker.Heartbeat(worker.Poll().token, [](auto& r) { *r.mutable_details() = PayloadsOf("half"); }).ok());
  run.Advance(absl::Seconds(8));
  const ActivityTaskReply second = worker.Poll();
  REQUIRE(second.response.heartbeat_details().payloads(0).data() == "half");
  run.Advance(absl::Seconds(1.9));
  REQUIRE(worker.Complete(second.token).ok());
}

TEST_CASE("Schedule-to-start: nobody takes the activity") {
  TestRun run;
  ActivityWorker worker(run);
  StartWith(run, {ScheduleActivity("a1", [](auto& a) { *a.mutable_schedule_to_start_timeout() = Secs(1); })});
  run.Advance(absl::Seconds(1));
  REQUIRE(run.EventsFrom(6) == Names{"ActivityTaskTimedOut", "WorkflowTaskScheduled"});
  REQUIRE(TimedOut(run, 6).failure().message() == "activity ScheduleToStart timeout");
  REQUIRE(TimedOut(run, 6).started_event_id() == 0);
  REQUIRE(TimedOut(run, 6).retry_state() == enums::RETRY_STATE_TIMEOUT);
  REQUIRE(worker.Waiting().empty());
}

TEST_CASE(
    "Schedule-to-start: it counts for each attempt from its own time, and the last failure is the cause") {
  TestRun run;
  ActivityWorker worker(run);
  StartWith(run, {ScheduleActivity("a1", [](auto& a) { *a.mutable_schedule_to_start_timeout() = Secs(1); })});
  REQUIRE(worker.Fail(worker.Poll().token).ok());
  run.Advance(absl::Seconds(1.9));
  REQUIRE(run.EventsFrom(6).empty());
  run.Advance(absl::Seconds(0.1));
  REQUIRE(run.EventsFrom(6) == Names{"ActivityTaskTimedOut", "WorkflowTaskScheduled"});
  REQUIRE(TimedOut(run, 6).failure().cause().message() == "broken");
}

TEST_CASE("Schedule-to-close: the whole activity takes too long") {
  TestRun run;
  ActivityWorker worker(run);
  StartWith(run, {ScheduleActivity("a1", [](auto& a) {
              a.clear_start_to_close_timeout();
              *a.mutable_schedule_to_close_timeout() = Secs(1);
            })});
  run.Sleep(absl::Milliseconds(10));
  worker.Poll();
  run.Advance(absl::Seconds(1));
  REQUIRE(run.EventsFrom(6) == Names{"ActivityTaskStarted", "ActivityTaskTimedOut", "WorkflowTaskScheduled"});
  REQUIRE(
      TimedOut(run, 7).failure().message() ==
      "Not enough time to schedule next retry before activity ScheduleToClose timeout, giving up retrying");
  REQUIRE(TimedOut(run, 7).failure().timeout_failure_info().timeout_type() ==
          enums::TIMEOUT_TYPE_SCHEDULE_TO_CLOSE);
  REQUIRE(TimedOut(run, 7).retry_state() == enums::RETRY_STATE_TIMEOUT);
}

TEST_CASE("Schedule-to-close: it runs out between two attempts") {
  TestRun run;
  ActivityWorker worker(run);
  StartWith(run, {ScheduleActivity("a1", [](auto& a) { *a.mutable_schedule_to_close_timeout() = Secs(5); })});
  REQUIRE(worker.Fail(worker.Poll().token).ok());
  run.Advance(absl::Seconds(5));
  REQUIRE(run.EventsFrom(6) == Names{"ActivityTaskTimedOut", "WorkflowTaskScheduled"});
  REQUIRE(TimedOut(run, 6).failure().timeout_failure_info().timeout_type() ==
          enums::TIMEOUT_TYPE_SCHEDULE_TO_CLOSE);
  REQUIRE(TimedOut(run, 6).failure().cause().message() == "broken");
}

TEST_CASE("A timed-out attempt that leaves no time for another names the deadline that forbids it") {
  TestRun run;
  ActivityWorker worker(run);
  StartWith(run, {ScheduleActivity("a1", [](auto& a) {
              *a.mutable_schedule_to_close_timeout() = Secs(12);
              *a.mutable_retry_policy()->mutable_initial_interval() = Secs(5);
            })});
  worker.Poll();
  run.Advance(absl::Seconds(10));
  REQUIRE(TimedOut(run, 7).failure().timeout_failure_info().timeout_type() ==
          enums::TIMEOUT_TYPE_SCHEDULE_TO_CLOSE);
  REQUIRE(TimedOut(run, 7).retry_state() == enums::RETRY_STATE_TIMEOUT);
}

TEST_CASE("A policy may name a timeout as non-retryable") {
  TestRun run;
  ActivityWorker worker(run);
  StartWith(run, {ScheduleActivity("a1", [](auto& a) {
              a.mutable_retry_policy()->add_non_retryable_error_types("TemporalTimeout:StartToClose");
            })});
  worker.Poll();
  run.Advance(absl::Seconds(10));
  REQUIRE(TimedOut(run, 7).retry_state() == enums::RETRY_STATE_NON_RETRYABLE_FAILURE);
}

TEST_CASE("A timeout while a workflow task runs is buffered, with its started event") {
  TestRun run;
  ActivityWorker worker(run);
  StartWith(run, {ScheduleActivity("a1", [](auto& a) {
              OneAttempt(a);
              *a.mutable_start_to_close_timeout() = Secs(1);
            })});
  const TaskToken token = worker.Poll().token;
  REQUIRE(run.Signal("go").ok());
  run.PollWorkflowTask();
  run.Advance(absl::Seconds(1));
  REQUIRE(run.EventsFrom(9).empty());
  REQUIRE(worker.Complete(token).code() == absl::StatusCode::kNotFound);
  REQUIRE(run.Complete().ok());
  REQUIRE(run.EventsFrom(9) == Names{"WorkflowTaskCompleted", "ActivityTaskStarted", "ActivityTaskTimedOut",
                                     "WorkflowTaskScheduled"});
  REQUIRE(TimedOut(run, 11).started_event_id() == 10);
}

TEST_CASE("Activities that are overdue together time out in the order of their times, ends last") {
  TestRun run;
  ActivityWorker worker(run);
  const auto with_timeout = [](double seconds) {
    return [seconds](Attributes& a) {
      OneAttempt(a);
      *a.mutable_start_to_close_timeout() = Secs(seconds);
    };
  };
  StartWith(run, {ScheduleActivity("slow", with_timeout(2)), ScheduleActivity("quick", with_timeout(1))});
  worker.Poll();
  worker.Poll();
  run.Sleep(absl::Seconds(5));
  REQUIRE(run.FireTimers().ok());
  REQUIRE(run.EventsFrom(7) == Names{"ActivityTaskStarted", "ActivityTaskStarted", "ActivityTaskTimedOut",
                                     "ActivityTaskTimedOut", "WorkflowTaskScheduled"});
  REQUIRE(TimedOut(run, 9).scheduled_event_id() == 6);
  REQUIRE(TimedOut(run, 9).started_event_id() == 7);
  REQUIRE(TimedOut(run, 10).scheduled_event_id() == 5);
  REQUIRE(TimedOut(run, 10).started_event_id() == 8);
}

TEST_CASE("The next timer is the earliest of an activity's timeouts, and none is left behind its end") {
  TestRun run;
  ActivityWorker worker(run);
  StartWith(run, {ScheduleActivity("a1", [](auto& a) {
              *a.mutable_schedule_to_start_timeout() = Secs(7);
              *a.mutable_heartbeat_timeout() = Secs(4);
            })});
  const absl::Time scheduled = run.now();
  REQUIRE(run.obligations().next_timer == scheduled + absl::Seconds(7));
  const TaskToken token = worker.Poll().token;
  REQUIRE(run.obligations().next_timer == scheduled + absl::Seconds(4));
  run.Sleep(absl::Seconds(3));
  REQUIRE(worker.Heartbeat(token).ok());
  REQUIRE(run.obligations().next_timer == scheduled + absl::Seconds(7));
  run.Sleep(absl::Seconds(3.5));
  REQUIRE(worker.Heartbeat(token).ok());
  REQUIRE(run.obligations().next_timer == scheduled + absl::Seconds(10));
  REQUIRE(worker.Complete(token).ok());
  REQUIRE_FALSE(run.obligations().next_timer.has_value());
}

}  // namespace
}  // namespace perdure::engine::workflow::testing
