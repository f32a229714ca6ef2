// Runs that a client deletes: gone for everybody at once, and from the store once they owe nothing.
#include <catch2/catch.hpp>

#include "base/limits.h"
#include "server/history/testing/test_node.h"

namespace perdure::server {
namespace {

using testing::TestNode;
namespace enums = temporal::api::enums::v1;
namespace workflow = engine::workflow;

absl::Status Delete(TestNode& node, const std::string& workflow_id) {
  return node.Execute(node.Ref(workflow_id), workflow::Delete{}).status();
}

RunRef Named(TestNode& node, const std::string& workflow_id, const std::string& run_id) {
  RunRef ref = node.Ref(workflow_id);
  ref.run_id = Uuid::Parse(run_id);
  return ref;
}

bool IsThere(TestNode& node, const RunRef& ref) {
  const auto terminated = node.Execute(ref, workflow::ResetSticky{});
  REQUIRE((terminated.ok() || absl::IsNotFound(terminated.status())));
  return terminated.ok();
}

size_t Listed(TestNode& node) {
  ManualExecutor executor(node.time());
  const auto session = node.store().OpenSession(executor);
  persistence::VisibilityQuery query;
  query.namespace_id = node.namespace_id();
  query.page_size = 100;
  size_t rows = 0;
  session->ListExecutions(query, [&](const absl::StatusOr<persistence::VisibilityPage>& page) {
    REQUIRE(page.ok());
    rows = page->rows.size();
  });
  node.Run();
  return rows;
}

bool IsStored(TestNode& node, const std::string& workflow_id, const std::string& run_id) {
  ManualExecutor executor(node.time());
  const auto session = node.store().OpenSession(executor);
  bool stored = true;
  session->LoadRuns({{{ShardOf(node.namespace_id(), workflow_id), *Uuid::Parse(run_id)}}},
                    [&](const absl::StatusOr<std::vector<persistence::StoredRun>>& runs) {
                      REQUIRE(runs.ok());
                      stored = runs->front().found != persistence::StoredRun::Found::kNothing ||
                               runs->front().size.rows > 0;
                    });
  node.Run();
  return stored;
}

TEST_CASE("an open run that is deleted is gone, also after a crash, and later from the store") {
  TestNode node;
  const std::string run_id = node.Start("wf")->response.run_id();
  REQUIRE(Delete(node, "wf").ok());
  CHECK_FALSE(IsThere(node, node.Ref("wf")));
  CHECK_FALSE(IsThere(node, Named(node, "wf", run_id)));
  CHECK(Listed(node) == 0);
  node.Crash();
  node.Restart();
  CHECK_FALSE(IsThere(node, node.Ref("wf")));
  CHECK_FALSE(IsThere(node, Named(node, "wf", run_id)));
  CHECK(absl::IsNotFound(Delete(node, "wf")));
  CHECK(Listed(node) == 0);
  CHECK(IsStored(node, "wf", run_id));
  node.Advance(limits::kSettledRunKept * 2);
  CHECK_FALSE(IsStored(node, "wf", run_id));
}

TEST_CASE("a closed run that is deleted leaves the store at once") {
  TestNode node;
  const std::string run_id = node.Start("wf")->response.run_id();
  REQUIRE(node.Execute(node.Ref("wf"), workflow::Terminate{}).ok());
  node.Advance(absl::Seconds(5));
  REQUIRE(Delete(node, "wf").ok());
  node.Advance(absl::Seconds(1));
  CHECK_FALSE(IsStored(node, "wf", run_id));
  CHECK_FALSE(IsThere(node, Named(node, "wf", run_id)));
}

TEST_CASE("the id of a deleted run is free before its rows are gone") {
  const bool crashes = GENERATE(false, true);
  TestNode node;
  const std::string deleted = node.Start("wf")->response.run_id();
  REQUIRE(Delete(node, "wf").ok());
  if (crashes) {
    node.Crash();
    node.Restart();
  }
  auto request = node.StartRequest("wf");
  request.set_workflow_id_reuse_policy(enums::WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE);
  const auto started = node.Start(std::move(request));
  REQUIRE(started.ok());
  CHECK(started->response.run_id() != deleted);
  CHECK(node.Describe("wf")->workflow_execution_info().execution().run_id() == started->response.run_id());
  CHECK(Listed(node) == 1);
  node.Advance(limits::kSettledRunKept * 2);
  CHECK(Listed(node) == 1);
  CHECK(IsThere(node, node.Ref("wf")));
}

TEST_CASE("calls that come while a deletion becomes durable find nothing, and a start finds the id free") {
  TestNode node;
  REQUIRE(node.Start("wf").ok());
  auto deleted = node.ExecuteLater(node.Ref("wf"), workflow::Delete{});
  auto again = node.ExecuteLater(node.Ref("wf"), workflow::Delete{});
  auto signaled = node.ExecuteLater(node.Ref("wf"), node.SignalRequest("wf", "late"));
  auto started = node.StartLater(node.StartRequest("wf"));
  node.Run();
  CHECK(deleted.Get().ok());
  CHECK(absl::IsNotFound(again.Get().status()));
  CHECK(absl::IsNotFound(signaled.Get().status()));
  REQUIRE(started.Get().ok());
  CHECK(node.Describe("wf")->workflow_execution_info().execution().run_id() ==
        started.Get()->response.run_id());
}

TEST_CASE("who waits for the end of a run that is deleted sees it") {
  TestNode node;
  const std::string run_id = node.Start("wf")->response.run_id();
  auto waiting = node.WaitLater(Named(node, "wf", run_id), 100, absl::Minutes(1));
  node.Run();
  REQUIRE(Delete(node, "wf").ok());
  node.Run();
  REQUIRE(waiting.Came());
  REQUIRE(waiting.Get().ok());
  CHECK_FALSE(waiting.Get()->open);
}

}  // namespace
}  // namespace perdure::server
