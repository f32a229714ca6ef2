// Runs whose log cannot be folded: nothing reads them, yet they can be ended, and their ids be used again.
#include <catch2/catch.hpp>

#include "server/history/testing/test_node.h"

namespace perdure::server {
namespace {

using testing::TestNode;
namespace enums = temporal::api::enums::v1;
namespace workflow = engine::workflow;

constexpr int64_t kEventsOfANewRun = 2;

// Appends a row to the run's log that nothing can read, behind the node's back; the node is another process
// afterwards.
void Damage(TestNode& node, const std::string& workflow_id, const std::string& run_id) {
  node.Crash();
  ManualExecutor executor(node.time());
  const auto session = node.store().OpenSession(executor);
  persistence::RunWrite write;
  write.key = {ShardOf(node.namespace_id(), workflow_id), *Uuid::Parse(run_id)};
  bool landed = false;
  session->LoadRuns({{write.key}}, [&](absl::StatusOr<std::vector<persistence::StoredRun>> runs) {
    REQUIRE(runs.ok());
    const persistence::HistoryRow& last = runs->front().rows.back();
    write.history.push_back(
        {last.sequence + 1, last.first_event_id + last.event_count, 1, "no event", "no change"});
    session->Fence(1000, [&](absl::StatusOr<persistence::FencedWriter> writer) {
      REQUIRE(writer.ok());
      session->Commit({writer->writer, writer->last_batch + 1, {{{write}}}},
                      [&](const persistence::CommitResult& result) {
                        landed = result.outcome == persistence::CommitOutcome::kCommitted;
                      });
    });
  });
  node.time().RunUntilIdle();
  REQUIRE(landed);
  node.Restart();
}

std::string StartDamaged(TestNode& node) {
  const auto started = node.Start("wf");
  REQUIRE(started.ok());
  Damage(node, "wf", started->response.run_id());
  REQUIRE(absl::IsDataLoss(node.Describe("wf").status()));
  return started->response.run_id();
}

workflow::Terminate TerminateRequest() {
  workflow::Terminate terminate;
  terminate.request.set_reason("it is damaged");
  terminate.request.set_identity("client");
  return terminate;
}

enums::WorkflowExecutionStatus StatusOf(TestNode& node) {
  const auto described = node.Describe("wf");
  REQUIRE(described.ok());
  return described->workflow_execution_info().status();
}

absl::StatusOr<workflow::StartReply> StartWith(TestNode& node, enums::WorkflowIdConflictPolicy policy) {
  auto request = node.StartRequest("wf");
  request.set_workflow_id_conflict_policy(policy);
  return node.Start(std::move(request));
}

TEST_CASE("a run that cannot be folded can be terminated, by its id and by its run's") {
  const bool by_run_id = GENERATE(false, true);
  TestNode node;
  const std::string run_id = StartDamaged(node);
  CHECK(absl::IsDataLoss(node.Signal("wf", "signal")));
  RunRef ref = node.Ref("wf");
  if (by_run_id) ref.run_id = Uuid::Parse(run_id);
  const auto terminated = node.Execute(ref, TerminateRequest());
  REQUIRE(terminated.ok());
  CHECK(std::get<workflow::Done>(*terminated).run_id.ToString() == run_id);
  for (int restarts = 0; restarts < 2; ++restarts) {
    const auto described = node.Describe("wf");
    REQUIRE(described.ok());
    CHECK(described->workflow_execution_info().status() == enums::WORKFLOW_EXECUTION_STATUS_TERMINATED);
    CHECK(described->workflow_execution_info().execution().run_id() == run_id);
    CHECK(described->workflow_execution_info().type().name() == "type");
    CHECK(described->workflow_execution_info().history_length() == kEventsOfANewRun + 2);
    CHECK(described->pending_activities().empty());
    CHECK_FALSE(described->has_pending_workflow_task());
    CHECK(absl::IsNotFound(node.Execute(ref, TerminateRequest()).status()));
    node.Crash();
    node.Restart();
  }
}

TEST_CASE("a terminated run that could not be folded is removed by retention, without a restart too") {
  const bool restart = GENERATE(false, true);
  TestNode node;
  StartDamaged(node);
  REQUIRE(node.Execute(node.Ref("wf"), TerminateRequest()).ok());
  if (restart) {
    node.Crash();
    node.Restart();
  }
  node.Advance(absl::Hours(73));
  CHECK(absl::IsNotFound(node.Describe("wf").status()));
}

TEST_CASE("of two terminations at once, one ends the run and the other may be repeated") {
  TestNode node;
  StartDamaged(node);
  const auto first = node.ExecuteLater(node.Ref("wf"), TerminateRequest());
  const auto second = node.ExecuteLater(node.Ref("wf"), TerminateRequest());
  node.Run();
  CHECK(first.Get().ok() != second.Get().ok());
  CHECK(absl::IsUnavailable(first.Get().ok() ? second.Get().status() : first.Get().status()));
  CHECK(absl::IsNotFound(node.Execute(node.Ref("wf"), TerminateRequest()).status()));
}

TEST_CASE("a call that does not end the run leaves it as it is") {
  TestNode node;
  StartDamaged(node);
  workflow::Terminate other = TerminateRequest();
  other.request.set_first_execution_run_id("00000000-0000-4000-8000-000000000000");
  CHECK(absl::IsNotFound(node.Execute(node.Ref("wf"), other).status()));
  CHECK(absl::IsAlreadyExists(StartWith(node, enums::WORKFLOW_ID_CONFLICT_POLICY_FAIL).status()));
  CHECK(absl::IsDataLoss(node.Describe("wf").status()));
  CHECK(node.Execute(node.Ref("wf"), TerminateRequest()).ok());
}

TEST_CASE("the id of a run that cannot be folded is started again as the policies say") {
  TestNode node;
  const std::string run_id = StartDamaged(node);
  const auto existing = StartWith(node, enums::WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING);
  REQUIRE(existing.ok());
  CHECK_FALSE(existing->response.started());
  CHECK(existing->response.run_id() == run_id);

  const auto replaced = StartWith(node, enums::WORKFLOW_ID_CONFLICT_POLICY_TERMINATE_EXISTING);
  REQUIRE(replaced.ok());
  CHECK(replaced->response.started());
  CHECK(replaced->response.run_id() != run_id);
  CHECK(StatusOf(node) == enums::WORKFLOW_EXECUTION_STATUS_RUNNING);
  node.Crash();
  node.Restart();
  CHECK(StatusOf(node) == enums::WORKFLOW_EXECUTION_STATUS_RUNNING);
  RunRef old = node.Ref("wf");
  old.run_id = Uuid::Parse(run_id);
  CHECK(absl::IsNotFound(node.Execute(old, TerminateRequest()).status()));
}

TEST_CASE("a closed run that cannot be folded gives its id away") {
  TestNode node;
  const auto started = node.Start("wf");
  REQUIRE(node.Execute(node.Ref("wf"), TerminateRequest()).ok());
  Damage(node, "wf", started->response.run_id());
  CHECK(absl::IsDataLoss(node.Describe("wf").status()));
  CHECK(absl::IsNotFound(node.Execute(node.Ref("wf"), TerminateRequest()).status()));
  auto refused = node.StartRequest("wf");
  refused.set_workflow_id_reuse_policy(enums::WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE);
  CHECK(absl::IsAlreadyExists(node.Start(refused).status()));
  const auto again = node.Start("wf");
  REQUIRE(again.ok());
  CHECK(StatusOf(node) == enums::WORKFLOW_EXECUTION_STATUS_RUNNING);
  node.Crash();
  node.Restart();
  CHECK(StatusOf(node) == enums::WORKFLOW_EXECUTION_STATUS_RUNNING);
}

}  // namespace
}  // namespace perdure::server
