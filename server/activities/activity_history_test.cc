// Activities on their own in history, with a worker that polls matching: they outlive crashes and a small
// memory, and go by retention or when they are deleted.
#include <catch2/catch.hpp>
#include <optional>
#include <string>
#include <utility>

#include "base/time.h"
#include "server/activities/activity_history.h"
#include "server/activities/activity_line.h"
#include "server/history/testing/test_node.h"

namespace perdure::server {
namespace {

namespace activity = engine::activity;
namespace enums = temporal::api::enums::v1;
using testing::Awaited;
using testing::TestNode;

constexpr absl::Duration kRetention = absl::Hours(72);

class LateAnswers final : public persistence::MemoryFaults {
 public:
  CommitPlan OnCommit(const persistence::Batch&) override { return {CommitFault::kNone, {}, answer}; }
  absl::Duration answer;  // how long a commit that has landed takes to say so
};

struct Activities {
  explicit Activities(HistoryOptions history = {}) : node(OptionsWith(history)) {}
  explicit Activities(persistence::MemoryFaults& faults) : node(OptionsWith({}, &faults)) {}

  static TestNode::Options OptionsWith(HistoryOptions history, persistence::MemoryFaults* faults = nullptr) {
    TestNode::Options options;
    options.faults = faults;
    options.history = history;
    options.kinds = {ActivityLine()};
    return options;
  }
  ActivityHistory history() { return ActivityHistory(node.history()); }
  EntityRef Ref(const std::string& id) const { return ActivityRef(node.namespace_id(), id, std::nullopt); }

  // Two attempts of 10 s, an hour apart.
  absl::Status Start(const std::string& id) {
    activity::api::StartActivityExecutionRequest request;
    request.set_namespace_("default");
    request.set_activity_id(id);
    request.mutable_activity_type()->set_name("type");
    request.mutable_task_queue()->set_name("queue");
    *request.mutable_start_to_close_timeout() = ToProto(absl::Seconds(10));
    request.mutable_retry_policy()->set_maximum_attempts(2);
    *request.mutable_retry_policy()->mutable_initial_interval() = ToProto(absl::Hours(1));
    request.set_request_id("start " + id);
    Awaited<activity::StartReply> reply;
    history().Start(node.namespace_id(), std::move(request), reply.Answer());
    node.Run();
    return reply.Get().status();
  }
  absl::Status Do(const std::string& id, activity::Request request) {
    Awaited<activity::Reply> reply;
    history().Execute(Ref(id), std::move(request), reply.Answer());
    node.Run();
    return reply.Get().status();
  }
  absl::Status Complete(const std::string& id, const TaskToken& token) {
    activity::Complete completed;
    completed.token = token;
    return Do(id, std::move(completed));
  }
  absl::Status Fail(const std::string& id, const TaskToken& token) {
    activity::Fail failed;
    failed.token = token;
    failed.request.mutable_failure()->mutable_application_failure_info()->set_type("type");
    return Do(id, std::move(failed));
  }
  absl::StatusOr<activity::api::DescribeActivityExecutionResponse> Describe(const std::string& id) {
    Awaited<ActivityHistory::Described> reply;
    history().Describe(Ref(id), {}, reply.Answer());
    node.Run();
    if (!reply.Get().ok()) return reply.Get().status();
    return *reply.Get()->response;
  }
  enums::ActivityExecutionStatus Status(const std::string& id) { return Describe(id)->info().status(); }
  size_t Resident() {
    return node.history().host(0).resident_runs() + node.history().host(1).resident_runs();
  }

  TestNode node;
};

TEST_CASE("an activity goes on over a crash after each of its steps") {
  const bool crash = GENERATE(false, true);
  Activities at;
  const auto interrupt = [&] {
    if (!crash) return;
    at.node.Crash();
    at.node.Restart();
  };
  REQUIRE(at.Start("act").ok());
  interrupt();
  const auto first = at.node.PollActivity();
  interrupt();
  activity::Heartbeat heartbeat;
  heartbeat.token = first.token;
  heartbeat.request.mutable_details()->add_payloads()->set_data("half");
  REQUIRE(at.Do("act", heartbeat).ok());
  interrupt();
  REQUIRE(at.Fail("act", first.token).ok());
  interrupt();
  const Awaited<PolledTask> early = at.node.PollActivityLater("queue");
  at.node.Advance(absl::Minutes(59));
  CHECK(std::holds_alternative<std::monostate>(early.Get()->task));
  interrupt();
  at.node.Advance(absl::Minutes(1));
  const auto second = at.node.PollActivity();
  CHECK(second.response.attempt() == 2);
  CHECK(second.response.heartbeat_details().payloads(0).data() == "half");
  interrupt();
  CHECK(absl::IsNotFound(at.Complete("act", first.token)));
  REQUIRE(at.Complete("act", second.token).ok());
  interrupt();
  CHECK(at.Status("act") == enums::ACTIVITY_EXECUTION_STATUS_COMPLETED);
}

TEST_CASE(
    "an attempt whose start landed in a gap of the lease, after its poll was over, goes to the next poll") {
  LateAnswers faults;
  Activities at(faults);
  REQUIRE(at.Start("act").ok());
  ActivityPoll poll;
  poll.request.mutable_task_queue()->set_name("queue");
  faults.answer = absl::Seconds(4);
  Awaited<PolledTask> lost;
  at.node.matching().StartPoll({at.node.namespace_id(), std::move(poll), absl::Seconds(2)}, lost.Answer());
  at.node.Advance(absl::Seconds(3));
  ++at.node.lease().number;
  at.node.history().OnLease();
  at.node.Run();
  CHECK(std::holds_alternative<std::monostate>(lost.Get()->task));
  faults.answer = absl::ZeroDuration();
  const Awaited<PolledTask> next = at.node.PollActivityLater("queue");
  at.node.Advance(absl::Seconds(2));
  REQUIRE(next.Came());
  const auto* task = std::get_if<engine::workflow::ActivityTaskReply>(&next.Get()->task);
  REQUIRE(task != nullptr);
  CHECK(task->response.attempt() == 1);
  CHECK(at.Complete("act", task->token).ok());
}

TEST_CASE("timeouts of activities that left memory come, also after a restart") {
  HistoryOptions forgetful;
  forgetful.resident_bytes = 1;
  Activities at(forgetful);
  const bool crash = GENERATE(false, true);
  for (int i = 0; i < 20; ++i) REQUIRE(at.Start("act" + std::to_string(i)).ok());
  for (int i = 0; i < 20; ++i) at.node.PollActivity();
  CHECK(at.Resident() == 0);
  if (crash) {
    at.node.Crash();
    at.node.Restart();
  }
  at.node.Advance(absl::Seconds(10));
  for (int i = 0; i < 20; ++i) {
    const auto described = at.Describe("act" + std::to_string(i));
    CHECK(described->info().attempt() == 2);
  }
}

TEST_CASE("a closed activity goes by retention and leaves nothing") {
  Activities at;
  const bool crash = GENERATE(false, true);
  REQUIRE(at.Start("act").ok());
  REQUIRE(at.Complete("act", at.node.PollActivity().token).ok());
  if (crash) {
    at.node.Crash();
    at.node.Restart();
  }
  at.node.Advance(kRetention - absl::Minutes(1));
  CHECK(at.Describe("act").ok());
  at.node.Advance(absl::Minutes(2));
  CHECK(absl::IsNotFound(at.Describe("act").status()));
  CHECK(at.node.store().Contents().empty());
}

TEST_CASE("a deleted activity goes at once, open or closed, and its id is free") {
  Activities at;
  const bool open = GENERATE(false, true);
  REQUIRE(at.Start("act").ok());
  if (!open) REQUIRE(at.Complete("act", at.node.PollActivity().token).ok());
  REQUIRE(at.Do("act", activity::Delete{}).ok());
  at.node.Advance(absl::Minutes(2));
  CHECK(absl::IsNotFound(at.Describe("act").status()));
  CHECK(at.node.store().Contents().empty());
  CHECK(at.Start("act").ok());
  CHECK(at.Status("act") == enums::ACTIVITY_EXECUTION_STATUS_RUNNING);
}

TEST_CASE("long polls on an activity are answered by the step that changes or ends it") {
  Activities at;
  REQUIRE(at.Start("act").ok());
  const TaskToken token = at.node.PollActivity().token;
  Awaited<ActivityHistory::Described> described;
  at.history().Describe(at.Ref("act"), {}, described.Answer());
  at.node.Run();
  const int64_t seen = described.Get()->last_sequence;
  Awaited<std::optional<ActivityHistory::Described>> changed;
  Awaited<ActivityHistory::Outcome> outcome;
  at.history().AwaitChange(at.Ref("act"), {}, seen, absl::Minutes(1), changed.Answer());
  at.history().AwaitOutcome(at.Ref("act"), absl::Minutes(1), outcome.Answer());
  at.node.Run();
  CHECK_FALSE(changed.Came());
  activity::Heartbeat heartbeat;
  heartbeat.token = token;
  REQUIRE(at.Do("act", heartbeat).ok());
  REQUIRE(changed.Get()->has_value());
  CHECK(changed.Get()->value().last_sequence == seen + 1);
  CHECK(changed.Get()->value().response->info().total_heartbeat_count() == 1);
  CHECK_FALSE(outcome.Came());
  REQUIRE(at.Complete("act", token).ok());
  REQUIRE(*outcome.Get() != nullptr);
  CHECK_FALSE((*outcome.Get())->run_id().empty());
}

TEST_CASE("a long poll on an activity gets nothing where nothing has come or will come") {
  Activities at;
  REQUIRE(at.Start("act").ok());
  Awaited<ActivityHistory::Outcome> outcome;
  at.history().AwaitOutcome(at.Ref("act"), absl::Seconds(5), outcome.Answer());
  at.node.Advance(absl::Seconds(5));
  CHECK(*outcome.Get() == nullptr);
  REQUIRE(at.Complete("act", at.node.PollActivity().token).ok());
  Awaited<std::optional<ActivityHistory::Described>> changed;
  at.history().AwaitChange(at.Ref("act"), {}, 100, absl::Minutes(1), changed.Answer());
  at.node.Run();
  CHECK_FALSE(changed.Get()->has_value());
}

TEST_CASE("an activity and a workflow of one id have nothing to do with each other") {
  Activities at;
  REQUIRE(at.Start("same").ok());
  REQUIRE(at.node.Start("same").ok());
  REQUIRE(at.Complete("same", at.node.PollActivity().token).ok());
  REQUIRE(at.node.CompleteRun(at.node.PollWorkflow()).ok());
  CHECK(at.Status("same") == enums::ACTIVITY_EXECUTION_STATUS_COMPLETED);
  CHECK(at.node.Events("same").ends_with("WORKFLOW_EXECUTION_COMPLETED"));
  at.node.Advance(kRetention + absl::Minutes(1));
  CHECK(at.node.store().Contents().empty());
}

}  // namespace
}  // namespace perdure::server
