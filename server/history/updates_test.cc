// Updates over the host: what they cost, and what becomes of them when the host loses its runs.
#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <utility>
#include <variant>

#include "server/history/testing/test_node.h"
#include "temporal/api/enums/v1/update.pb.h"
#include "temporal/api/update/v1/message.pb.h"

namespace perdure::server {
namespace {

namespace enums = temporal::api::enums::v1;
namespace update_api = temporal::api::update::v1;
namespace workflow = engine::workflow;
using persistence::MemoryFaults;
using testing::Awaited;
using testing::TestNode;

class UpdateCommits final : public MemoryFaults {
 public:
  CommitPlan OnCommit(const persistence::Batch& /*batch*/) override {
    ++number;
    return {CommitFault::kNone, {}, answer};
  }
  int number = 0;
  absl::Duration answer;  // how long a commit that has landed takes to say so
};

TestNode::Options CountingIn(UpdateCommits& commits) {
  TestNode::Options options;
  options.faults = &commits;
  return options;
}

using UpdateAnswer = WorkflowHistory::Answer;

workflow::Update Change(const std::string& id) {
  workflow::Update update;
  update.request.mutable_request()->mutable_meta()->set_update_id(id);
  update.request.mutable_request()->mutable_input()->set_name("change");
  update.request.mutable_wait_policy()->set_lifecycle_stage(
      enums::UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE_COMPLETED);
  return update;
}

Awaited<UpdateAnswer> UpdateLater(TestNode& node, const std::string& id = "u1") {
  Awaited<UpdateAnswer> reply;
  node.workflows().Ask(node.Ref("wf"), Change(id), absl::Seconds(20), reply.Answer());
  node.Run();
  return reply;
}

update_api::Outcome OutcomeIn(const Awaited<UpdateAnswer>& reply) {
  REQUIRE(reply.Came());
  REQUIRE(reply.Get().ok());
  REQUIRE(*reply.Get() != nullptr);
  return std::get<workflow::UpdateReply>(**reply.Get()).response.outcome();
}

void Say(workflow::CompleteWorkflowTask& completion, const std::string& id,
         const google::protobuf::Message& body) {
  auto& message = *completion.request.add_messages();
  message.set_id(id);
  message.set_protocol_instance_id(id);
  message.mutable_body()->PackFrom(body);
}

void SayAccepted(workflow::CompleteWorkflowTask& completion, const std::string& id = "u1") {
  update_api::Acceptance acceptance;
  acceptance.set_accepted_request_message_id(id + "/request");
  acceptance.set_accepted_request_sequencing_event_id(1);
  Say(completion, id, acceptance);
}

void SayCompleted(workflow::CompleteWorkflowTask& completion, const std::string& id = "u1") {
  update_api::Response response;
  response.mutable_meta()->set_update_id(id);
  response.mutable_outcome()->mutable_success()->add_payloads()->set_data("42");
  Say(completion, id, response);
}

void SayRejected(workflow::CompleteWorkflowTask& completion, const std::string& id = "u1") {
  update_api::Rejection rejection;
  rejection.mutable_failure()->set_message("no");
  Say(completion, id, rejection);
}

// A run "wf" whose first task is done.
void BeginUpdated(TestNode& node) {
  REQUIRE(node.Start("wf").ok());
  REQUIRE(node.Complete(node.Completion(node.PollWorkflow())).ok());
}

TEST_CASE("an update that one task accepts and completes costs one commit, a rejected one none") {
  UpdateCommits commits;
  TestNode node(CountingIn(commits));
  BeginUpdated(node);
  node.Advance(absl::Minutes(1));  // the run goes quiet: its stored wake is raised
  const int before = commits.number;
  for (int i = 0; i < 3; ++i) {
    const auto asked = UpdateLater(node, "rejected");
    auto completion = node.Completion(node.PollWorkflow());
    SayRejected(completion, "rejected");
    REQUIRE(node.Complete(completion).ok());
    CHECK(OutcomeIn(asked).failure().message() == "no");
  }
  node.Advance(absl::Minutes(1));
  CHECK(commits.number == before);

  const auto asked = UpdateLater(node);
  auto completion = node.Completion(node.PollWorkflow());
  SayAccepted(completion);
  SayCompleted(completion);
  REQUIRE(node.Complete(completion).ok());
  CHECK(OutcomeIn(asked).success().payloads(0).data() == "42");
  CHECK(commits.number == before + 1);
  CHECK(node.Read("wf").events_size() == 9);
}

TEST_CASE("who waits for an update is answered once what became of it is durable") {
  UpdateCommits commits;
  TestNode node(CountingIn(commits));
  BeginUpdated(node);
  const auto asked = UpdateLater(node);
  auto completion = node.Completion(node.PollWorkflow());
  SayAccepted(completion);
  SayCompleted(completion);
  commits.answer = absl::Seconds(1);
  node.ExecuteLater(node.Ref("wf"), completion);
  node.Run();
  CHECK_FALSE(asked.Came());
  node.Advance(absl::Seconds(2));
  CHECK(OutcomeIn(asked).success().payloads(0).data() == "42");
}

TEST_CASE("the outcome of an update is there after a crash, and one that no event tells of is not") {
  TestNode node;
  BeginUpdated(node);
  const auto asked = UpdateLater(node);
  auto completion = node.Completion(node.PollWorkflow());
  SayAccepted(completion);
  SayCompleted(completion);
  REQUIRE(node.Complete(completion).ok());
  const auto lost = UpdateLater(node, "u2");
  const auto task = node.PollWorkflow();
  node.Crash();
  node.Restart();
  node.Run();
  CHECK(OutcomeIn(UpdateLater(node)).success().payloads(0).data() == "42");
  auto late = node.Completion(task);
  SayAccepted(late, "u2");
  CHECK(absl::IsNotFound(node.Complete(late).status()));
  const auto again = UpdateLater(node, "u2");
  auto next = node.Completion(node.PollWorkflow());
  SayRejected(next, "u2");
  REQUIRE(node.Complete(next).ok());
  CHECK(OutcomeIn(again).failure().message() == "no");
  CHECK_FALSE(lost.Came());
}

TEST_CASE("who waits for an update in vain is told nothing, and the update waits on") {
  TestNode node;
  BeginUpdated(node);
  const auto asked = UpdateLater(node);
  node.Advance(absl::Seconds(21));
  REQUIRE(asked.Came());
  REQUIRE(asked.Get().ok());
  CHECK(*asked.Get() == nullptr);
  auto completion = node.Completion(node.PollWorkflow());
  SayAccepted(completion);
  SayCompleted(completion);
  REQUIRE(node.Complete(completion).ok());
  CHECK(OutcomeIn(UpdateLater(node)).success().payloads(0).data() == "42");
}

}  // namespace
}  // namespace perdure::server
