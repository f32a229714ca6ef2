// Pause, unpause, reset, and changed options.

#include <catch2/catch.hpp>

#include "base/time.h"
#include "engine/activity/testing/test_activity.h"

namespace perdure::engine::activity::testing {
namespace {

namespace enums = temporal::api::enums::v1;

TEST_CASE("A paused activity is offered to nobody until it is unpaused") {
  TestActivity activity;
  REQUIRE(activity
              .Start([](auto& request) {
                *request.mutable_schedule_to_start_timeout() = ToProto(absl::Seconds(1));
              })
              .ok());
  const Dispatch before = activity.obligations().dispatches.at(0);
  REQUIRE(activity.Pause().ok());
  CHECK(activity.obligations().dispatches.empty());
  CHECK(activity.Pause().ok());
  CHECK(activity.Pause("another").message() == "activity is in non-pausable state Paused");
  activity.Advance(absl::Seconds(5));
  CHECK(PublicStatus(activity.state()) == enums::ACTIVITY_EXECUTION_STATUS_PAUSED);
  StartTask stale{.offer = before.scheduled_event_id, .attempt = 1, .request_id = "poll", .identity = "w"};
  CHECK(activity.Do(stale).status().code() == absl::StatusCode::kNotFound);
  REQUIRE(activity.Unpause().ok());
  CHECK(activity.Pause().ok());  // a late repetition
  CHECK(activity.status() == ActivityControl::SCHEDULED);
  CHECK(activity.Do(stale).status().code() == absl::StatusCode::kNotFound);
  CHECK(activity.Poll().response.attempt() == 1);
}

TEST_CASE("A running attempt goes on while a pause is wanted; when it fails the activity is paused") {
  TestActivity activity;
  REQUIRE(activity.Start().ok());
  const TaskReply task = activity.Poll();
  REQUIRE(activity.Pause().ok());
  REQUIRE(activity.Heartbeat(task.token).value().activity_paused());
  SECTION("it completes") { REQUIRE(activity.Complete(task.token).ok()); }
  SECTION("it fails") {
    REQUIRE(activity.Fail(task.token).ok());
    CHECK(activity.status() == ActivityControl::PAUSED);
    CHECK(activity.attempt() == 2);
    REQUIRE(activity.Unpause().ok());
    CHECK_FALSE(activity.Waits());  // the interval is not shortened
    activity.Advance(absl::Seconds(1));
    CHECK(activity.Waits());
  }
  SECTION("it times out") {
    activity.Advance(absl::Seconds(10));
    CHECK(activity.status() == ActivityControl::PAUSED);
  }
  SECTION("it is returned") {
    REQUIRE(activity.Do(ReturnTask{task.token}).ok());
    CHECK(activity.status() == ActivityControl::PAUSED);
  }
  SECTION("the pause is taken back") {
    REQUIRE(activity.Unpause().ok());
    CHECK(activity.status() == ActivityControl::STARTED);
    CHECK_FALSE(activity.Heartbeat(task.token).value().activity_paused());
  }
}

TEST_CASE("Unpausing with jitter waits a part of it") {
  TestActivity activity;
  REQUIRE(activity.Start().ok());
  REQUIRE(activity.Pause().ok());
  REQUIRE(activity.Unpause([](auto& request) { *request.mutable_jitter() = ToProto(absl::Hours(1)); }).ok());
  const absl::Time time = activity.obligations().dispatches.at(0).scheduled_time;
  CHECK(time > activity.now());
  CHECK(time < activity.now() + absl::Hours(1));
}

TEST_CASE("The deadline of the whole holds for a paused activity") {
  TestActivity activity;
  REQUIRE(activity
              .Start([](auto& request) {
                *request.mutable_schedule_to_close_timeout() = ToProto(absl::Seconds(5));
              })
              .ok());
  REQUIRE(activity.Pause().ok());
  activity.Advance(absl::Seconds(5));
  CHECK(activity.status() == ActivityControl::TIMED_OUT);
}

TEST_CASE("Reset begins anew with attempt 1: at once for one that waits") {
  TestActivity activity;
  REQUIRE(activity.Start().ok());
  const TaskReply first = activity.Poll();
  REQUIRE(activity.Heartbeat(first.token, "half").ok());
  REQUIRE(activity.Fail(first.token).ok());
  bool keeps = true;
  SECTION("with its heartbeat") { REQUIRE(activity.Reset().ok()); }
  SECTION("without") {
    keeps = false;
    REQUIRE(activity.Reset([](auto& request) { request.set_reset_heartbeat(true); }).ok());
  }
  const TaskReply again = activity.Poll();
  CHECK(again.response.attempt() == 1);
  CHECK(again.response.has_heartbeat_details() == keeps);
}

TEST_CASE("Reset of a running attempt waits for its end") {
  TestActivity activity;
  REQUIRE(
      activity.Start([](auto& request) { request.mutable_retry_policy()->set_maximum_attempts(1); }).ok());
  const TaskReply task = activity.Poll();
  REQUIRE(activity.Reset([](auto& request) { request.set_request_id("reset"); }).ok());
  CHECK(activity.Reset([](auto& request) { request.set_request_id("reset"); }).ok());
  CHECK(activity.Reset().message() == "cannot reset an activity with a pending reset");
  REQUIRE(activity.Heartbeat(task.token).value().activity_reset());
  SECTION("a failure, although it was the last attempt") { REQUIRE(activity.Fail(task.token).ok()); }
  SECTION("a timeout") { activity.Advance(absl::Seconds(10)); }
  CHECK(activity.status() == ActivityControl::SCHEDULED);
  CHECK(activity.attempt() == 1);
  const TaskReply again = activity.Poll();
  CHECK(activity.Complete(task.token).code() == absl::StatusCode::kNotFound);
  REQUIRE(activity.Complete(again.token).ok());
}

TEST_CASE("A reset that waits for the running attempt's end then takes back heartbeat and options") {
  TestActivity activity;
  REQUIRE(activity
              .Start([](auto& request) {
                (*request.mutable_header()->mutable_fields())["trace"].set_data("1");
                request.mutable_user_metadata()->mutable_summary()->set_data("what it is for");
              })
              .ok());
  const TaskReply task = activity.Poll();
  CHECK(task.response.header().fields().at("trace").data() == "1");
  REQUIRE(activity.Heartbeat(task.token, "half").ok());
  REQUIRE(activity
              .Update({"start_to_close_timeout"},
                      [](auto& options) {
                        *options.mutable_start_to_close_timeout() = ToProto(absl::Seconds(20));
                      })
              .ok());
  REQUIRE(activity
              .Reset([](auto& request) {
                request.set_reset_heartbeat(true);
                request.set_restore_original_options(true);
              })
              .ok());
  CHECK(FromProto(OptionsOf(activity.state()).start_to_close_timeout()) == absl::Seconds(20));
  REQUIRE(activity.Fail(task.token).ok());
  CHECK(FromProto(OptionsOf(activity.state()).start_to_close_timeout()) == absl::Seconds(10));
  CHECK_FALSE(activity.Poll().response.has_heartbeat_details());
  CHECK(activity.Describe().info().user_metadata().summary().data() == "what it is for");
}

TEST_CASE("A worker whose paused attempt is to be reset is told so, and the pause is kept") {
  TestActivity activity;
  REQUIRE(activity.Start().ok());
  const TaskReply task = activity.Poll();
  REQUIRE(activity.Pause().ok());
  REQUIRE(activity.Reset([](auto& request) { request.set_keep_paused(true); }).ok());
  const auto told = activity.Heartbeat(task.token, "half");
  REQUIRE(told.ok());
  CHECK(told->activity_reset());
  CHECK(activity.Describe().info().run_state() == enums::PENDING_ACTIVITY_STATE_PAUSE_REQUESTED);
}

TEST_CASE("A cancellation goes before a reset that waits") {
  TestActivity activity;
  REQUIRE(activity.Start().ok());
  const TaskReply task = activity.Poll();
  REQUIRE(activity.Reset().ok());
  REQUIRE(activity.RequestCancel().ok());
  CHECK(activity.Reset().message() == "cannot reset an activity with a pending cancellation");
  REQUIRE(activity.Fail(task.token).ok());
  CHECK(activity.status() == ActivityControl::FAILED);
  CHECK(activity.Reset().message() == "activity execution is not running");
}

TEST_CASE("Reset can leave a paused activity paused") {
  TestActivity activity;
  REQUIRE(activity.Start().ok());
  SECTION("one that nobody has") { REQUIRE(activity.Pause().ok()); }
  SECTION("one whose attempt runs") {
    const TaskReply task = activity.Poll();
    REQUIRE(activity.Pause().ok());
    REQUIRE(activity.Reset([](auto& request) { request.set_keep_paused(true); }).ok());
    CHECK(activity.Describe().info().run_state() == enums::PENDING_ACTIVITY_STATE_PAUSE_REQUESTED);
    REQUIRE(activity.Fail(task.token).ok());
  }
  REQUIRE(activity.Reset([](auto& request) { request.set_keep_paused(true); }).ok());
  CHECK(activity.status() == ActivityControl::PAUSED);
  CHECK(activity.attempt() == 1);
  REQUIRE(activity.Unpause().ok());
  CHECK(activity.Waits());
}

TEST_CASE("Changed options hold from now on, and can be restored") {
  TestActivity activity;
  REQUIRE(activity.Start().ok());
  const auto changed = activity.Update(
      {"task_queue.name", "startToCloseTimeout", "schedule_to_close_timeout"}, [](ActivityOptions& options) {
        options.mutable_task_queue()->set_name("elsewhere");
        *options.mutable_start_to_close_timeout() = ToProto(absl::Seconds(100));
        *options.mutable_schedule_to_close_timeout() = ToProto(absl::Seconds(50));
      });
  REQUIRE(changed.ok());
  const ActivityOptions options = changed->response.activity_options();
  CHECK(FromProto(options.start_to_close_timeout()) == absl::Seconds(50));
  CHECK(activity.obligations().dispatches.at(0).task_queue == "elsewhere");
  CHECK(activity.obligations().next_timer == activity.now() + absl::Seconds(50));
  const auto restored = activity.Restore();
  REQUIRE(restored.ok());
  CHECK(restored->response.activity_options().task_queue().name() == "queue");
  CHECK(FromProto(restored->response.activity_options().start_to_close_timeout()) == absl::Seconds(10));
}

TEST_CASE("A changed timeout holds for the running attempt, whose token stays good") {
  TestActivity activity;
  REQUIRE(activity.Start().ok());
  const TaskReply task = activity.Poll();
  REQUIRE(activity
              .Update({"start_to_close_timeout"},
                      [](ActivityOptions& options) {
                        *options.mutable_start_to_close_timeout() = ToProto(absl::Seconds(2));
                      })
              .ok());
  CHECK(activity.obligations().next_timer == activity.now() + absl::Seconds(2));
  REQUIRE(activity.Complete(task.token).ok());
}

TEST_CASE("A changed policy changes the wait for the next attempt, unless the worker asked for it") {
  TestActivity activity;
  REQUIRE(activity.Start().ok());
  bool by_worker = false;
  SECTION("by the policy") {}
  SECTION("by the worker") { by_worker = true; }
  REQUIRE(activity
              .Fail(activity.Poll().token,
                    [&](auto& request) {
                      if (!by_worker) return;
                      auto& info = *request.mutable_failure()->mutable_application_failure_info();
                      *info.mutable_next_retry_delay() = ToProto(absl::Seconds(1));
                    })
              .ok());
  REQUIRE(activity
              .Update({"retry_policy.initial_interval"},
                      [](ActivityOptions& options) {
                        *options.mutable_retry_policy()->mutable_initial_interval() =
                            ToProto(absl::Seconds(30));
                      })
              .ok());
  CHECK(activity.obligations().dispatches.at(0).scheduled_time ==
        activity.now() + (by_worker ? absl::Seconds(1) : absl::Seconds(30)));
}

TEST_CASE("A start delay can be changed while it runs") {
  TestActivity activity;
  REQUIRE(activity.Start([](auto& request) { *request.mutable_start_delay() = ToProto(absl::Seconds(60)); })
              .ok());
  const auto set = [&](int seconds) {
    return activity.Update({"start_delay"}, [&](ActivityOptions& options) {
      *options.mutable_start_delay() = ToProto(absl::Seconds(seconds));
    });
  };
  CHECK_FALSE(set(-1).ok());
  REQUIRE(set(1).ok());
  activity.Advance(absl::Seconds(1));
  activity.Poll();
  CHECK(set(9).status().code() == absl::StatusCode::kFailedPrecondition);
}

TEST_CASE("Updates that are refused change nothing") {
  TestActivity activity;
  REQUIRE(activity.Start().ok());
  const auto refused = [&](const std::vector<std::string>& paths, const With<ActivityOptions>& with) {
    const absl::Status status = activity.Update(paths, with).status();
    CHECK(status.code() == absl::StatusCode::kInvalidArgument);
    return std::string(status.message());
  };
  const With<ActivityOptions> nothing = [](ActivityOptions&) {};
  CHECK(refused({}, nothing) == "UpdateMask is not provided");
  CHECK(refused({"nobody"}, nothing) == "unsupported update_mask path: \"nobody\"");
  CHECK(refused({"priority.priority_key"}, nothing) == "Priority is not provided");
  CHECK(refused({"priority.priority_key"}, [](ActivityOptions& options) {
          options.mutable_priority()->set_priority_key(-1);
        }) == "priority key can't be negative");
  CHECK(refused({"retry_policy.maximum_attempts"}, [](ActivityOptions& options) {
          options.mutable_retry_policy()->set_maximum_attempts(-1);
        }) == "MaximumAttempts cannot be negative on retry policy.");
  CHECK(refused({"retry_policy.maximum_interval"}, [](ActivityOptions& options) {
          *options.mutable_retry_policy()->mutable_maximum_interval() = ToProto(absl::Milliseconds(1));
        }) == "MaximumInterval cannot be less than InitialInterval on retry policy.");
  CHECK(activity.state().last_sequence == 1);
  REQUIRE(activity.Terminate().ok());
  CHECK(activity.Restore().status().message() == "Cannot update options for activity in state Terminated");
}

}  // namespace
}  // namespace perdure::engine::activity::testing
