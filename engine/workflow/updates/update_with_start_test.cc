// A start with an update: which run takes the update, and what is refused with what.

#include <memory>
#include <string>
#include <utility>

#include <catch2/catch.hpp>

#include "base/event_loop.h"
#include "base/limits.h"
#include "engine/workflow/testing/test_run.h"
#include "engine/workflow/updates/update_with_start.h"
#include "engine/workflow/updates/updates.h"

namespace perdure::engine::workflow::testing {
namespace {

namespace enums = temporal::api::enums::v1;
constexpr auto kUseExisting = enums::WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING;
constexpr auto kTerminateExisting = enums::WORKFLOW_ID_CONFLICT_POLICY_TERMINATE_EXISTING;
constexpr auto kFail = enums::WORKFLOW_ID_CONFLICT_POLICY_FAIL;

// Starts workflow "wf" with an update, where `current` is its run.
class Starter {
 public:
  explicit Starter(const State* current = nullptr) : current_(current) {}

  StartDecision With(const std::string& update_id, enums::WorkflowIdConflictPolicy policy = kFail,
                     const std::string& request_id = "start") {
    StartRequest start;
    start.run_id = Uuid::Mint(*random_);
    start.request.set_workflow_id("wf");
    start.request.mutable_workflow_type()->set_name("Greet");
    start.request.mutable_task_queue()->set_name("queue");
    start.request.set_request_id(request_id);
    start.request.set_workflow_id_conflict_policy(policy);
    api::UpdateWorkflowExecutionRequest update;
    update.mutable_request()->mutable_meta()->set_update_id(update_id);
    update.mutable_request()->mutable_input()->set_name("change");
    start.update = &update;
    const absl::Time now = current_ == nullptr ? absl::UnixEpoch() : EarliestNow(*current_);
    return DecideStart(current_, start, Context{now, *random_, settings_});
  }

 private:
  const State* current_;
  const std::unique_ptr<Random> random_ = NewSeededRandom(1);
  const NamespaceSettings settings_;
};

const StartReply& ReplyOf(const StartDecision& decision) {
  REQUIRE(decision.reply.ok());
  REQUIRE(std::holds_alternative<StartReply>(*decision.reply));
  return std::get<StartReply>(*decision.reply);
}

bool Knows(const State& state, const std::string& update_id) {
  return StatusOfUpdate(state, update_id).has_value();
}

TEST_CASE("A run that starts with an update has it before any worker has its first task") {
  const StartDecision decision = Starter().With("u");
  CHECK(ReplyOf(decision).response.started());
  REQUIRE(decision.state.has_value());
  CHECK(Knows(*decision.state, "u"));
  // The start is a record, the update none: its first task brings it.
  CHECK(decision.records.size() == 1);
  CHECK(decision.state->workflow_task.waiting() != nullptr);
  CHECK(HasVolatile(*decision.state));
}

TEST_CASE("An open run takes the update of a start that may use it, and of the start that began it") {
  TestRun run;
  REQUIRE(run.Start().ok());
  for (const auto& [policy, request_id] : {std::pair(kUseExisting, "another"), std::pair(kFail, "start-1")}) {
    const StartDecision decision = Starter(&run.state()).With("u", policy, request_id);
    CHECK_FALSE(ReplyOf(decision).response.started());
    CHECK_FALSE(decision.state.has_value());
    REQUIRE(decision.current.has_value());
    CHECK(decision.current->records.empty());
    CHECK(Knows(decision.current->state, "u"));
  }
}

TEST_CASE("A start that an open run refuses takes its update with it") {
  TestRun run;
  REQUIRE(run.Start().ok());
  StartDecision decision = Starter(&run.state()).With("u");
  REQUIRE(absl::IsAlreadyExists(decision.reply.status()));
  absl::Status why = decision.reply.status();
  CHECK_FALSE(TakeOfUpdate(why));
  CHECK_FALSE(decision.current.has_value());
  CHECK_FALSE(decision.state.has_value());
}

TEST_CASE("A start that ends the open run gives its update to the new one") {
  TestRun run;
  REQUIRE(run.Start().ok());
  const StartDecision decision = Starter(&run.state()).With("u", kTerminateExisting);
  CHECK(ReplyOf(decision).response.started());
  REQUIRE(decision.current.has_value());
  CHECK_FALSE(decision.current->state.IsOpen());
  CHECK_FALSE(Knows(decision.current->state, "u"));
  REQUIRE(decision.state.has_value());
  CHECK(Knows(*decision.state, "u"));
}

TEST_CASE("An update that the open run knows goes there, whatever the policy") {
  TestRun run;
  REQUIRE(run.Start().ok());
  Update update;
  update.request.mutable_request()->mutable_meta()->set_update_id("u");
  update.request.mutable_request()->mutable_input()->set_name("change");
  REQUIRE(run.Do(update).ok());
  const StartDecision decision = Starter(&run.state()).With("u", kTerminateExisting);
  CHECK_FALSE(ReplyOf(decision).response.started());
  CHECK_FALSE(decision.state.has_value());
}

TEST_CASE("An update that the run refuses is refused as the update's, and nothing happens") {
  TestRun run;
  REQUIRE(run.Start().ok());
  for (int i = 0; i < 3; ++i) {
    run.PollWorkflowTask();
    REQUIRE(run.FailTask().ok());
  }
  const StartDecision decision = Starter(&run.state()).With("u", kUseExisting);
  REQUIRE_FALSE(decision.reply.ok());
  absl::Status why = decision.reply.status();
  CHECK(TakeOfUpdate(why));
  CHECK_FALSE(TakeOfUpdate(why));
  CHECK_FALSE(decision.current.has_value());
  CHECK_FALSE(decision.state.has_value());
}

TEST_CASE("A start that is known, of a run that has closed, starts nothing") {
  TestRun run;
  REQUIRE(run.Start().ok());
  run.PollWorkflowTask();
  REQUIRE(run.Complete({CompleteWorkflow()}).ok());
  const StartDecision decision = Starter(&run.state()).With("u", kFail, "start-1");
  CHECK(absl::IsUnavailable(decision.reply.status()));
  CHECK_FALSE(decision.state.has_value());
  CHECK(ReplyOf(Starter(&run.state()).With("u", kFail, "another")).response.started());
}

}  // namespace
}  // namespace perdure::engine::workflow::testing
