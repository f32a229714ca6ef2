// What ScheduleActivityTask refuses.

#include <catch2/catch.hpp>

#include "base/limits.h"
#include "base/time.h"
#include "engine/workflow/testing/activity_worker.h"

namespace perdure::engine::workflow::testing {
namespace {

namespace enums = temporal::api::enums::v1;
using Attributes = temporal::api::command::v1::ScheduleActivityTaskCommandAttributes;

google::protobuf::Duration Secs(int64_t seconds) { return ToProto(absl::Seconds(seconds)); }

// What the worker is told about these commands, without the name of the cause.
std::string Refused(const std::vector<Command>& commands,
                    enums::WorkflowTaskFailedCause cause =
                        enums::WORKFLOW_TASK_FAILED_CAUSE_BAD_SCHEDULE_ACTIVITY_ATTRIBUTES) {
  TestRun run;
  REQUIRE(run.Start().ok());
  run.PollWorkflowTask();
  const absl::Status status = run.Complete(commands).status();
  REQUIRE(status.code() == absl::StatusCode::kInvalidArgument);
  const auto& failed = run.Event(4).workflow_task_failed_event_attributes();
  REQUIRE(failed.cause() == cause);
  REQUIRE(failed.failure().message() == status.message());
  REQUIRE(run.state().activities->empty());
  REQUIRE(run.state().activity_ids->empty());
  const std::string message(status.message());
  return message.substr(message.find(": ") + 2);
}

std::string RefusedWith(const With<Attributes>& with) { return Refused({ScheduleActivity("a1", with)}); }

std::string RefusedPolicy(const With<temporal::api::common::v1::RetryPolicy>& with) {
  return RefusedWith([&](auto& a) { with(*a.mutable_retry_policy()); });
}

TEST_CASE("ScheduleActivityTask without names") {
  Command command = ScheduleActivity("a1");
  command.clear_schedule_activity_task_command_attributes();
  REQUIRE(Refused({command}) ==
          "ScheduleActivityTaskCommandAttributes is not set on ScheduleActivityTaskCommand.");
  REQUIRE(Refused({ScheduleActivity("")}) == "activityId is not set");
  REQUIRE(RefusedWith([](auto& a) { a.clear_activity_type(); }) == "activityType is not set");
  REQUIRE(RefusedWith([](auto& a) { a.clear_task_queue(); }) == "taskQueue is not set");
  REQUIRE(RefusedWith([](auto& a) { a.mutable_task_queue()->clear_name(); }) == "missing task queue name");
}

TEST_CASE("ScheduleActivityTask with names that are too long or not the caller's") {
  const std::string long_name(1001, 'x');
  REQUIRE(Refused({ScheduleActivity(long_name)}) ==
          "activityId exceeds length limit. Length=1001 Limit=1000");
  REQUIRE(RefusedWith([&](auto& a) { a.mutable_activity_type()->set_name(long_name); }) ==
          "activityType exceeds length limit. Length=1001 Limit=1000");
  REQUIRE(RefusedWith([&](auto& a) { a.mutable_task_queue()->set_name(long_name); }) ==
          "taskQueue length exceeds limit");
  REQUIRE(RefusedWith([](auto& a) { a.mutable_task_queue()->set_name("/_sys/q/1"); }) ==
          "task queue name cannot start with reserved prefix /_sys/");
  REQUIRE(
      RefusedWith([](auto& a) { a.mutable_task_queue()->set_name("temporal-sys-per-ns-tq"); }) ==
      "cannot use internal per-namespace task queue:temporal-sys-per-ns-tq (in parent component task queue: "
      "queue)");
  REQUIRE(RefusedWith([](auto& a) {
            a.set_use_workflow_build_id(true);
            a.mutable_task_queue()->set_name("other");
          }) == "Activity with UseCompatibleVersion cannot run on different task queue.");
}

TEST_CASE("ScheduleActivityTask with timeouts that are missing or negative") {
  const std::string missing =
      "a valid StartToCloseTimeout or ScheduleToCloseTimeout must be set on the activity. ActivityId=a1 "
      "ActivityType=Act";
  REQUIRE(RefusedWith([](auto& a) { a.clear_start_to_close_timeout(); }) == missing);
  REQUIRE(RefusedWith([](auto& a) {
            a.clear_start_to_close_timeout();
            *a.mutable_schedule_to_start_timeout() = Secs(5);
          }) == missing);
  REQUIRE(RefusedWith([](auto& a) { *a.mutable_start_to_close_timeout() = Secs(-1); }) ==
          "invalid StartToCloseTimeout: negative duration");
  REQUIRE(RefusedWith([](auto& a) { *a.mutable_schedule_to_close_timeout() = Secs(-1); }) ==
          "invalid ScheduleToCloseTimeout: negative duration");
  REQUIRE(RefusedWith([](auto& a) { *a.mutable_schedule_to_start_timeout() = Secs(-1); }) ==
          "invalid ScheduleToStartTimeout: negative duration");
  REQUIRE(RefusedWith([](auto& a) { *a.mutable_heartbeat_timeout() = Secs(-1); }) ==
          "invalid HeartbeatTimeout: negative duration");
  REQUIRE(RefusedWith([](auto& a) {
            a.mutable_heartbeat_timeout()->set_seconds(1);
            a.mutable_heartbeat_timeout()->set_nanos(-1);
          }) == "invalid HeartbeatTimeout: duration has seconds and nanos with different signs");
}

TEST_CASE("ScheduleActivityTask with a retry policy that makes no sense") {
  REQUIRE(RefusedPolicy([](auto& p) { *p.mutable_initial_interval() = Secs(-1); }) ==
          "invalid InitialInterval set on retry policy: negative duration");
  REQUIRE(RefusedPolicy([](auto& p) { p.set_backoff_coefficient(0.5); }) ==
          "BackoffCoefficient cannot be less than 1 on retry policy.");
  REQUIRE(RefusedPolicy([](auto& p) { *p.mutable_maximum_interval() = Secs(-1); }) ==
          "invalid MaximumInterval set on retry policy: negative duration");
  REQUIRE(RefusedPolicy([](auto& p) {
            *p.mutable_initial_interval() = Secs(10);
            *p.mutable_maximum_interval() = Secs(5);
          }) == "MaximumInterval cannot be less than InitialInterval on retry policy.");
  REQUIRE(RefusedPolicy([](auto& p) { p.set_maximum_attempts(-1); }) ==
          "MaximumAttempts cannot be negative on retry policy.");
  REQUIRE(RefusedPolicy([](auto& p) { p.add_non_retryable_error_types("TemporalTimeout:Nonsense"); }) ==
          "Invalid timeout type value: Nonsense.");
}

TEST_CASE("ScheduleActivityTask with a priority out of range") {
  REQUIRE(RefusedWith([](auto& a) { a.mutable_priority()->set_priority_key(-1); }) ==
          "invalid priorities: priority key can't be negative");
  REQUIRE(RefusedWith([](auto& a) { a.mutable_priority()->set_fairness_key(std::string(65, 'x')); }) ==
          "invalid priorities: fairness key length exceeds limit");
  REQUIRE(RefusedWith([](auto& a) { a.mutable_priority()->set_fairness_weight(-1); }) ==
          "invalid priorities: must be greater than zero");
}

TEST_CASE("An activity id in use") {
  REQUIRE(Refused({ScheduleActivity("a1"), ScheduleActivity("a1")},
                  enums::WORKFLOW_TASK_FAILED_CAUSE_SCHEDULE_ACTIVITY_DUPLICATE_ID) ==
          "invalid history builder state for action: add-activitytask-scheduled-event, ActivityID: a1");
}

TEST_CASE("Too many pending activities fail the workflow task") {
  std::vector<Command> commands;
  for (size_t i = 0; i <= limits::kPendingActivities; ++i)
    commands.push_back(ScheduleActivity(std::to_string(i)));
  REQUIRE(Refused(commands, enums::WORKFLOW_TASK_FAILED_CAUSE_PENDING_ACTIVITIES_LIMIT_EXCEEDED) ==
          "the number of pending activities, 2000, has reached the per-workflow limit of 2000");
}

TEST_CASE("An input over the limit ends the run") {
  TestRun run;
  REQUIRE(run.Start().ok());
  run.PollWorkflowTask();
  const std::string big(limits::kBlobSize + 1, 'x');
  const absl::Status status =
      run.Complete({ScheduleActivity("a1", [&](auto& a) { *a.mutable_input() = PayloadsOf(big); })}).status();
  REQUIRE(status.message() ==
          "BadScheduleActivityAttributes: ScheduleActivityTaskCommandAttributes.Input exceeds size limit.");
  REQUIRE(run.EventsFrom(4) == Names{"WorkflowTaskFailed", "WorkflowExecutionTerminated"});
}

TEST_CASE("Timeouts beyond a hundred years are cut to that") {
  TestRun run;
  StartWith(run, {ScheduleActivity("a1", [](auto& a) {
              a.mutable_start_to_close_timeout()->set_seconds(300'000'000'000);
            })});
  const auto& scheduled = run.Event(5).activity_task_scheduled_event_attributes();
  REQUIRE(scheduled.start_to_close_timeout().seconds() == int64_t{100} * 365 * 24 * 3600);
}

}  // namespace
}  // namespace perdure::engine::workflow::testing
