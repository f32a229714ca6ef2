// StartActivityExecution: what is filled in and refused, and who meets whom under one id.

#include <catch2/catch.hpp>

#include "base/time.h"
#include "engine/activity/testing/test_activity.h"
#include "temporal/api/errordetails/v1/message.pb.h"

namespace perdure::engine::activity::testing {
namespace {

namespace enums = temporal::api::enums::v1;
using Request = api::StartActivityExecutionRequest;

const StartReply& ReplyOf(const StartOutcome& outcome) {
  REQUIRE(outcome.reply.ok());
  return std::get<StartReply>(*outcome.reply);
}

TEST_CASE("What a start leaves open is filled in") {
  TestActivity activity;
  REQUIRE(activity
              .Start([](Request& request) {
                request.clear_start_to_close_timeout();
                *request.mutable_schedule_to_close_timeout() = ToProto(absl::Seconds(20));
                *request.mutable_heartbeat_timeout() = ToProto(absl::Seconds(30));
              })
              .ok());
  const ActivityOptions& options = OptionsOf(activity.state());
  CHECK(FromProto(options.start_to_close_timeout()) == absl::Seconds(20));
  CHECK(FromProto(options.schedule_to_start_timeout()) == absl::Seconds(20));
  CHECK(FromProto(options.heartbeat_timeout()) == absl::Seconds(20));
  CHECK(FromProto(options.retry_policy().initial_interval()) == absl::Seconds(1));
  CHECK(FromProto(activity.Describe().info().expiration_time()) == activity.now() + absl::Seconds(20));
}

TEST_CASE("A start that is refused says why") {
  const auto refused = [](const With<Request>& with) {
    TestActivity activity;
    const absl::Status status = activity.Start(with).status();
    CHECK(status.code() == absl::StatusCode::kInvalidArgument);
    return std::string(status.message());
  };
  CHECK(refused([](Request& request) { request.clear_task_queue(); }) == "taskQueue is not set");
  CHECK(refused([](Request& request) { request.clear_activity_id(); }) == "activityId is not set");
  CHECK(refused([](Request& request) { request.clear_activity_type(); }) == "activityType is not set");
  CHECK(refused([](Request& request) { request.clear_start_to_close_timeout(); }) ==
        "a valid StartToCloseTimeout or ScheduleToCloseTimeout must be set on the activity. ActivityId=act "
        "ActivityType=Act");
  CHECK(refused([](Request& request) { *request.mutable_start_delay() = ToProto(absl::Seconds(-1)); }) ==
        "invalid StartDelay: negative duration");
  CHECK(refused([](Request& request) { request.mutable_task_queue()->set_name("temporal-sys-per-ns-tq"); }) ==
        "cannot use internal per-namespace task queue:temporal-sys-per-ns-tq");
  CHECK(refused([](Request& request) { request.add_completion_callbacks(); }) ==
        "completion callbacks are not enabled for this namespace");
  CHECK(refused([](Request& request) {
          request.mutable_user_metadata()->mutable_summary()->set_data(std::string(500, 's'));
        }) == "user_metadata.summary exceeds size limit. Length=503 Limit=400");
  CHECK(refused([](Request& request) {
          request.mutable_on_conflict_options()->set_attach_request_id(true);
        }) == "on_conflict_options: attach_request_id requires at least one completion callback or link");
  CHECK(refused([](Request& request) {
          request.set_id_reuse_policy(static_cast<enums::ActivityIdReusePolicy>(9));
        }) == "unsupported ID reuse policy: 9");
}

TEST_CASE("A start that makes a run says that the activity was scheduled") {
  TestActivity activity;
  REQUIRE(activity.Start().ok());
  CHECK(activity.StartAgain().happenings.empty());  // it is running
  REQUIRE(activity.Terminate().ok());
  const StartOutcome outcome = activity.StartAgain();
  REQUIRE(outcome.state.has_value());
  REQUIRE(outcome.happenings.size() == 1);
  CHECK(std::holds_alternative<ActivityScheduled>(outcome.happenings[0]));
}

TEST_CASE("The same request id is the same start, also when the activity has ended") {
  TestActivity activity;
  REQUIRE(activity.Start([](Request& request) { request.set_request_id("same"); }).ok());
  bool open = true;
  SECTION("open") {}
  SECTION("closed") {
    REQUIRE(activity.Terminate().ok());
    open = false;
  }
  const StartOutcome again = activity.StartAgain([](Request& request) { request.set_request_id("same"); });
  CHECK_FALSE(ReplyOf(again).response.started());
  CHECK(ReplyOf(again).response.run_id() == RunIdOf(activity.state()).ToString());
  CHECK_FALSE(again.state.has_value());
  CHECK(activity.state().IsOpen() == open);
}

TEST_CASE("A start that meets an open activity fails or uses it") {
  TestActivity activity;
  REQUIRE(activity.Start([](Request& request) { request.set_request_id("first"); }).ok());
  const StartOutcome refused = activity.StartAgain();
  REQUIRE(refused.reply.status().code() == absl::StatusCode::kAlreadyExists);
  const StartOutcome used = activity.StartAgain([](Request& request) {
    request.set_id_conflict_policy(enums::ACTIVITY_ID_CONFLICT_POLICY_USE_EXISTING);
  });
  CHECK_FALSE(ReplyOf(used).response.started());
  CHECK_FALSE(used.current.has_value());
}

TEST_CASE("A start that uses an open activity attaches its links once") {
  TestActivity activity;
  REQUIRE(activity.Start().ok());
  const With<Request> with = [](Request& request) {
    request.set_request_id("attach");
    request.set_id_conflict_policy(enums::ACTIVITY_ID_CONFLICT_POLICY_USE_EXISTING);
    request.mutable_on_conflict_options()->set_attach_links(true);
    request.add_links()->mutable_workflow_event()->set_workflow_id("wf");
  };
  CHECK_FALSE(ReplyOf(activity.StartAgain(with)).response.started());
  CHECK_FALSE(ReplyOf(activity.StartAgain(with)).response.started());
  CHECK(activity.Describe().info().links_size() == 1);
}

TEST_CASE("Whether a closed activity's id may be used again") {
  TestActivity activity;
  REQUIRE(activity.Start().ok());
  const auto start_with = [&](enums::ActivityIdReusePolicy policy) {
    return activity.StartAgain([&](Request& request) { request.set_id_reuse_policy(policy); });
  };
  SECTION("completed") {
    REQUIRE(activity.Complete(activity.Poll().token).ok());
    CHECK_FALSE(start_with(enums::ACTIVITY_ID_REUSE_POLICY_ALLOW_DUPLICATE_FAILED_ONLY).reply.ok());
  }
  SECTION("not completed") {
    REQUIRE(activity.Terminate().ok());
    CHECK(start_with(enums::ACTIVITY_ID_REUSE_POLICY_ALLOW_DUPLICATE_FAILED_ONLY).state.has_value());
  }
  CHECK_FALSE(start_with(enums::ACTIVITY_ID_REUSE_POLICY_REJECT_DUPLICATE).reply.ok());
  const StartOutcome next = start_with(enums::ACTIVITY_ID_REUSE_POLICY_UNSPECIFIED);
  CHECK(ReplyOf(next).response.started());
  REQUIRE(next.state.has_value());
  CHECK(RunIdOf(next.state.value()) != RunIdOf(activity.state()));
}

}  // namespace
}  // namespace perdure::engine::activity::testing
