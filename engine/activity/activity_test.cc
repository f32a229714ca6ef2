// One attempt, its result, and how an activity ends before it.

#include <catch2/catch.hpp>

#include "base/limits.h"
#include "base/time.h"
#include "engine/activity/salvage.h"
#include "engine/activity/testing/test_activity.h"

namespace perdure::engine::activity::testing {
namespace {

namespace enums = temporal::api::enums::v1;

TEST_CASE("An activity is offered to workers, started and completed; its outcome is the result") {
  TestActivity activity;
  REQUIRE(activity.Start([](auto& request) { *request.mutable_input() = PayloadsOf("in"); }).ok());
  const Obligations owed = activity.obligations();
  REQUIRE(owed.dispatches.size() == 1);
  CHECK(owed.dispatches[0].kind == TaskKind::kActivity);
  CHECK(owed.dispatches[0].task_queue == "queue");
  CHECK_FALSE(OutcomeOf(activity.state()).has_value());

  const TaskReply task = activity.Poll();
  CHECK(task.response.activity_id() == "act");
  CHECK(task.response.input().payloads(0).data() == "in");
  CHECK(task.response.activity_run_id() == RunIdOf(activity.state()).ToString());
  CHECK(task.response.workflow_execution().workflow_id().empty());
  CHECK(activity.obligations().dispatches.empty());

  REQUIRE(activity.Complete(task.token).ok());
  CHECK(activity.outcome().result().payloads(0).data() == "out");
  CHECK(PublicStatus(activity.state()) == enums::ACTIVITY_EXECUTION_STATUS_COMPLETED);
  CHECK(activity.obligations().next_timer == activity.now() + activity.settings().retention);
}

TEST_CASE("A repeated start of a task gets the same answer; another poll's is refused") {
  TestActivity activity;
  REQUIRE(activity.Start().ok());
  const TaskReply task = activity.Poll();
  StartTask again{.offer = 1, .attempt = 1, .request_id = task.token.start_nonce(), .identity = "worker"};
  const auto same = activity.Do(again);
  REQUIRE(same.ok());
  CHECK(std::get<TaskReply>(*same).token.SerializeAsString() == task.token.SerializeAsString());
  CHECK(activity.last_records().empty());
  again.request_id = "another poll";
  CHECK(activity.Do(again).status().code() == absl::StatusCode::kNotFound);
}

TEST_CASE("An answer without an attempt that runs finds nothing, but completing by id") {
  TestActivity activity;
  REQUIRE(activity.Start().ok());
  CHECK(activity.Fail(ById()).code() == absl::StatusCode::kNotFound);
  CHECK(activity.Heartbeat(ById()).status().code() == absl::StatusCode::kNotFound);
  CHECK(activity.Cancel(ById()).code() == absl::StatusCode::kNotFound);
  REQUIRE(activity.Complete(ById()).ok());
  CHECK(activity.status() == ActivityControl::COMPLETED);
  CHECK(activity.Describe().info().has_last_started_time());
  const absl::Status again = activity.Complete(ById());
  CHECK(again.code() == absl::StatusCode::kFailedPrecondition);
  CHECK(again.message() == "invalid transition from Completed");
}

TEST_CASE("A task whose answer reached nobody is offered again with the same attempt") {
  TestActivity activity;
  REQUIRE(activity.Start().ok());
  const TaskReply lost = activity.Poll();
  REQUIRE(activity.Do(ReturnTask{lost.token}).ok());
  CHECK(activity.Do(ReturnTask{lost.token}).status().code() == absl::StatusCode::kNotFound);
  CHECK_FALSE(activity.Describe().info().has_last_started_time());
  const TaskReply task = activity.Poll();
  CHECK(task.response.attempt() == 1);
  CHECK(activity.Complete(lost.token).code() == absl::StatusCode::kNotFound);
  REQUIRE(activity.Complete(task.token).ok());
}

TEST_CASE("A cancellation ends an activity that nobody has, with the reason as details") {
  TestActivity activity;
  REQUIRE(activity.Start().ok());
  REQUIRE(activity.RequestCancel().ok());
  const auto info = activity.outcome().failure().canceled_failure_info();
  CHECK(info.details().payloads(0).data() == "\"enough\"");
  CHECK(info.identity() == "client");
  CHECK(activity.RequestCancel().ok());
  CHECK(activity.RequestCancel("another").message() == "activity is in terminal state Canceled");
}

TEST_CASE("A running attempt hears of the cancellation by heartbeat and may answer it, or not") {
  TestActivity activity;
  REQUIRE(activity.Start().ok());
  const TaskReply task = activity.Poll();
  CHECK(activity.Cancel(task.token).code() == absl::StatusCode::kInvalidArgument);
  REQUIRE(activity.RequestCancel().ok());
  CHECK(activity.RequestCancel("another").message() ==
        "cancellation already requested with request ID cancel");
  REQUIRE(activity.Heartbeat(task.token).value().cancel_requested());
  SECTION("canceled") {
    REQUIRE(activity.Cancel(task.token).ok());
    CHECK(activity.status() == ActivityControl::CANCELED);
    CHECK(activity.outcome().failure().canceled_failure_info().details().payloads(0).data() == "stopped");
  }
  SECTION("completed") {
    REQUIRE(activity.Complete(task.token).ok());
    CHECK(activity.status() == ActivityControl::COMPLETED);
  }
  SECTION("failed: not retried") {
    REQUIRE(activity.Fail(task.token).ok());
    CHECK(activity.outcome().retry_state() == enums::RETRY_STATE_CANCEL_REQUESTED);
  }
  SECTION("returned: nobody will answer") {
    REQUIRE(activity.Do(ReturnTask{task.token}).ok());
    CHECK(activity.status() == ActivityControl::CANCELED);
  }
}

TEST_CASE("Termination ends it at once; repeated with its request id it has been done") {
  TestActivity activity;
  REQUIRE(activity.Start().ok());
  const TaskReply task = activity.Poll();
  REQUIRE(activity.Terminate().ok());
  CHECK(activity.outcome().failure().message() == "away");
  CHECK(activity.outcome().failure().terminated_failure_info().identity() == "client");
  CHECK(activity.Complete(task.token).code() == absl::StatusCode::kNotFound);
  CHECK(activity.Terminate().ok());
  CHECK(activity.Terminate("another").message() == "already terminated with request ID terminate");
}

TEST_CASE("A deleted activity is terminated if it is open, and its rows may go now") {
  TestActivity activity;
  REQUIRE(activity.Start().ok());
  SECTION("open") {}
  SECTION("closed") { REQUIRE(activity.RequestCancel().ok()); }
  REQUIRE(activity.Do(Delete{}).ok());
  CHECK_FALSE(activity.state().IsOpen());
  CHECK(activity.obligations().next_timer == activity.now());
  REQUIRE(activity.Do(Delete{}).ok());
  CHECK(activity.last_records().empty());
}

TEST_CASE("What is too large fails the activity, as of a workflow") {
  TestActivity activity;
  REQUIRE(activity.Start().ok());
  const TaskReply task = activity.Poll();
  const std::string large(limits::kBlobSize + 1, 'x');
  SECTION("a result") {
    Complete completed{task.token, {}};
    *completed.request.mutable_result() = PayloadsOf(large);
    REQUIRE(activity.Do(completed).ok());
    CHECK(activity.outcome().failure().message() == "Complete result exceeds size limit.");
  }
  SECTION("heartbeat details") {
    REQUIRE(activity.Heartbeat(task.token, large).value().cancel_requested());
    CHECK(activity.outcome().failure().message() == "Heartbeat details exceed size limit.");
  }
  CHECK(activity.status() == ActivityControl::FAILED);
}

TEST_CASE("A damaged record does not fold") {
  TestActivity activity;
  REQUIRE(activity.Start().ok());
  const Record created = activity.last_records().at(0);
  State state;
  Record damaged = created;
  damaged.changes = "\xff";
  CHECK(Apply(state, damaged).code() == absl::StatusCode::kDataLoss);
  state = State();
  REQUIRE(Apply(state, created).ok());
  CHECK(Apply(state, created).code() == absl::StatusCode::kDataLoss);
  REQUIRE(activity.Terminate().ok());
  State without_beginning;
  CHECK(Apply(without_beginning, activity.last_records().at(0)).code() == absl::StatusCode::kDataLoss);
  CHECK_FALSE(DecodeSnapshot("\xff").ok());
  CHECK_FALSE(DecodeSnapshot("").ok());
}

TEST_CASE("What cannot be folded owes nothing, and can be terminated") {
  UnfoldableActivity remains{.namespace_id = {},
                             .activity_id = "act",
                             .run_id = {},
                             .folded = std::nullopt,
                             .status = enums::ACTIVITY_EXECUTION_STATUS_RUNNING,
                             .activity_type = "Act",
                             .task_queue = "queue",
                             .start_time = absl::FromUnixSeconds(1),
                             .close_time = std::nullopt};
  State state = Salvage(std::move(remains));
  CHECK(ObligationsOf(state).dispatches.empty());
  CHECK_FALSE(ObligationsOf(state).next_timer.has_value());
  TestActivity world;
  REQUIRE(world.Start().ok());
  Terminate terminate;
  terminate.request.set_reason("away");
  const NamespaceSettings& settings = world.settings();
  struct NoRandom : Random {
    uint64_t Next() override { return 0; }
  } random;
  const Outcome outcome = Decide(std::move(state), terminate, {world.now(), random, settings});
  CHECK(outcome.reply.ok());
  CHECK(outcome.state.status() == ActivityControl::TERMINATED);
}

}  // namespace
}  // namespace perdure::engine::activity::testing
