// Crashes: whatever step they interrupt, the workflow goes on from what was durable.
#include <catch2/catch.hpp>
#include <set>

#include "server/history/testing/test_node.h"

namespace perdure::server {
namespace {

using testing::TestNode;
namespace workflow = engine::workflow;
namespace enums = temporal::api::enums::v1;

// Drives one workflow of one activity the way a client and a worker do who repeat what was not answered.
class Driver {
 public:
  Driver(TestNode& node, const std::string& workflow_id)
      : node_(node), request_(node.StartRequest(workflow_id)) {}

  // Begins whatever is not under way.
  void Pump() {
    if (!started_ && (!start_ || start_->Came())) {
      if (start_ && start_->Get().ok()) started_ = true;
      if (!started_) start_ = node_.StartLater(request_);
    }
    Take(workflow_poll_, [&] { return node_.PollWorkflowLater("queue"); });
    Take(activity_poll_, [&] { return node_.PollActivityLater("queue"); });
  }

  // What was under way went with the process.
  void Forget() {
    start_.reset();
    workflow_poll_.reset();
    activity_poll_.reset();
  }

  const std::set<int32_t>& attempts() const { return attempts_; }
  int activities_started() const { return activities_started_; }

 private:
  template <typename Poll>
  void Take(std::optional<testing::Awaited<PolledTask>>& poll, Poll again) {
    if (poll && !poll->Came()) return;
    if (poll && poll->Get().ok()) OnTask(*poll->Get());
    poll = again();
  }

  void OnTask(const PolledTask& polled) {
    if (const auto* task = std::get_if<workflow::WorkflowTaskReply>(&polled.task)) {
      testing::History history;
      REQUIRE(history.ParseFromString(task->history + task->tail));
      bool activity_done = false;
      for (const auto& event : history.events()) {
        activity_done |= event.event_type() == enums::EVENT_TYPE_ACTIVITY_TASK_COMPLETED;
      }
      workflow::CompleteWorkflowTask completion = node_.Completion(*task);
      if (activity_done) {
        testing::AddCompleteCommand(completion);
      } else {
        testing::AddActivityCommand(completion, "activity");
      }
      node_.ExecuteLater(node_.Ref(request_.workflow_id()), completion);
    } else if (const auto* activity = std::get_if<workflow::ActivityTaskReply>(&polled.task)) {
      ++activities_started_;
      CHECK(attempts_.insert(activity->response.attempt()).second);
      workflow::CompleteActivity completion;
      completion.token = activity->token;
      completion.request.set_namespace_("default");
      node_.ExecuteLater(node_.Ref(request_.workflow_id()), completion);
    }
  }

  TestNode& node_;
  const workflow::api::StartWorkflowExecutionRequest request_;
  std::optional<testing::Awaited<workflow::StartReply>> start_;
  bool started_ = false;
  std::optional<testing::Awaited<PolledTask>> workflow_poll_;
  std::optional<testing::Awaited<PolledTask>> activity_poll_;
  std::set<int32_t> attempts_;
  int activities_started_ = 0;
};

bool Finished(TestNode& node) {
  const auto description = node.Describe("wf");
  return description.ok() &&
         description->workflow_execution_info().status() == enums::WORKFLOW_EXECUTION_STATUS_COMPLETED;
}

TEST_CASE("a workflow survives a crash at each of its steps") {
  // More than a whole workflow's steps: the last ones crash after its end.
  for (int crash_after = 0; crash_after < 160; ++crash_after) {
    TestNode node;
    Driver driver(node, "wf");
    for (int step = 0; step < crash_after; ++step) {
      driver.Pump();
      node.time().RunOne();
    }
    node.Crash();
    driver.Forget();
    node.Restart();
    for (int second = 0; second < 60 && !Finished(node); ++second) {
      driver.Pump();
      node.Advance(absl::Seconds(1));
    }
    INFO("crash after step " << crash_after);
    CHECK(Finished(node));
  }
}

TEST_CASE("a call that waits for a commit goes with its host") {
  // From before the call is taken up until after its commit.
  for (int crash_after = 0; crash_after < 8; ++crash_after) {
    TestNode node;
    REQUIRE(node.Start("wf").ok());
    auto held = std::make_shared<int>();
    const std::weak_ptr<int> call = held;
    node.workflows().Execute(node.Ref("wf"), node.SignalRequest("wf", "signal"),
                             [held = std::move(held)](const absl::StatusOr<workflow::Reply>&) {});
    CHECK_FALSE(call.expired());
    for (int step = 0; step < crash_after; ++step) node.time().RunOne();
    node.Crash();
    INFO("crash after step " << crash_after);
    CHECK(call.expired());
  }
}

TEST_CASE("after a crash what is due is offered at once, without a client's call") {
  TestNode node;
  REQUIRE(node.Start("wf").ok());
  REQUIRE(node.CompleteWithActivity(node.PollWorkflow()).ok());
  node.Crash();
  node.Restart();
  REQUIRE(node.CompleteActivity(node.PollActivity()).ok());
  node.Crash();
  node.Restart();
  REQUIRE(node.CompleteRun(node.PollWorkflow()).ok());
}

TEST_CASE("a token of a start that a crash undid is worth nothing") {
  TestNode node;
  REQUIRE(node.Start("wf").ok());
  const auto lost = node.PollWorkflow();
  node.Crash();
  node.Restart();
  CHECK(absl::IsNotFound(node.CompleteRun(lost).status()));
  REQUIRE(node.CompleteRun(node.PollWorkflow()).ok());
}

TEST_CASE("a timer fires after a crash, at its time") {
  TestNode node;
  REQUIRE(node.Start("wf").ok());
  REQUIRE(node.CompleteWithTimer(node.PollWorkflow(), absl::Hours(1)).ok());
  node.Crash();
  node.Advance(absl::Minutes(10));
  node.Restart();
  const auto early = node.PollWorkflowLater("queue");
  node.Advance(absl::Minutes(1));
  CHECK(std::holds_alternative<std::monostate>(early.Get()->task));
  node.Advance(absl::Minutes(50));
  REQUIRE(node.CompleteRun(node.PollWorkflow()).ok());
}

TEST_CASE("what was decided before a stop is durable after it") {
  TestNode node;
  REQUIRE(node.Start("wf").ok());
  const auto signal = node.ExecuteLater(node.Ref("wf"), node.SignalRequest("wf", "s"));
  bool stopped = false;
  node.history().Stop([&] { stopped = true; });
  node.Run();
  CHECK(stopped);
  CHECK(signal.Get().ok());
  CHECK(absl::IsUnavailable(node.Signal("wf", "late")));
  node.Crash();
  node.Restart();
  CHECK(node.Events("wf") ==
        "WORKFLOW_EXECUTION_STARTED WORKFLOW_TASK_SCHEDULED WORKFLOW_EXECUTION_SIGNALED");
}

}  // namespace
}  // namespace perdure::server
