// Runs leave memory and come back; stored wakes are true lower bounds; retention.
#include <catch2/catch.hpp>

#include "server/history/testing/test_node.h"

namespace perdure::server {
namespace {

using testing::TestNode;
namespace workflow = engine::workflow;

std::vector<persistence::WakeRow> Wakes(TestNode& node) {
  ManualExecutor executor(node.time());
  const auto session = node.store().OpenSession(executor);
  std::vector<persistence::WakeRow> all;
  for (const uint32_t writer : {1, 2}) {
    persistence::WakeQuery query;
    query.writer_id = writer;
    query.limit = 1000;
    session->ReadWakes(query, [&](absl::StatusOr<std::vector<persistence::WakeRow>> rows) {
      all.insert(all.end(), rows->begin(), rows->end());
    });
  }
  node.Run();
  return all;
}

size_t Resident(TestNode& node) {
  return node.history().host(0).resident_runs() + node.history().host(1).resident_runs();
}

// No run stays in memory that need not.
TestNode::Options Forgetful() {
  TestNode::Options options;
  options.history.resident_bytes = 1;
  options.history.tail_bytes = 1;
  return options;
}

TEST_CASE("a workflow runs although it leaves memory after each step") {
  TestNode node(Forgetful());
  REQUIRE(node.Start("wf").ok());
  CHECK(Resident(node) == 0);
  const auto first = node.PollWorkflow();
  CHECK(Resident(node) == 1);  // a soft start is nowhere else
  REQUIRE(node.CompleteWithActivity(first).ok());
  CHECK(Resident(node) == 0);
  REQUIRE(node.CompleteActivity(node.PollActivity()).ok());
  const auto second = node.PollWorkflow();
  testing::History history;
  REQUIRE(history.ParseFromString(second.history + second.tail));
  CHECK(history.events_size() == 9);
  REQUIRE(node.CompleteRun(second).ok());
  CHECK(Resident(node) == 0);
  CHECK(node.Events("wf").ends_with("WORKFLOW_EXECUTION_COMPLETED"));
}

TEST_CASE("timers of runs that left memory fire") {
  TestNode node(Forgetful());
  REQUIRE(node.Start("wf").ok());
  REQUIRE(node.CompleteWithTimer(node.PollWorkflow(), absl::Hours(5)).ok());
  CHECK(Resident(node) == 0);
  node.Advance(absl::Hours(5));
  REQUIRE(node.CompleteRun(node.PollWorkflow()).ok());
}

TEST_CASE("many runs that left memory: each comes back for its timer") {
  TestNode node(Forgetful());
  for (int i = 0; i < 50; ++i) {
    REQUIRE(node.Start("wf" + std::to_string(i)).ok());
    REQUIRE(node.CompleteWithTimer(node.PollWorkflow(), absl::Minutes(1 + i)).ok());
  }
  for (int i = 0; i < 50; ++i) {
    node.Advance(absl::Minutes(1));
    REQUIRE(node.CompleteRun(node.PollWorkflow()).ok());
  }
}

TEST_CASE("runs that are due together are each worked on before they leave") {
  TestNode node(Forgetful());
  for (int i = 0; i < 10; ++i) {
    REQUIRE(node.Start("wf" + std::to_string(i)).ok());
    REQUIRE(node.CompleteWithTimer(node.PollWorkflow(), absl::Minutes(1)).ok());
  }
  node.Advance(absl::Minutes(1));
  for (int i = 0; i < 10; ++i) REQUIRE(node.CompleteRun(node.PollWorkflow()).ok());
}

TEST_CASE("a short workflow adds one wake at its start and swaps it at its end") {
  TestNode node;
  const absl::Time start = node.time().wall();
  REQUIRE(node.Start("wf").ok());
  REQUIRE(Wakes(node).size() == 1);
  CHECK(Wakes(node).front().at <= start);
  REQUIRE(node.CompleteWithActivity(node.PollWorkflow()).ok());
  CHECK(Wakes(node).size() == 1);
  REQUIRE(node.CompleteActivity(node.PollActivity()).ok());
  REQUIRE(node.CompleteRun(node.PollWorkflow()).ok());
  REQUIRE(Wakes(node).size() == 1);
  CHECK(Wakes(node).front().at == start + absl::Hours(72));
}

TEST_CASE("the wake of a run gone quiet is raised to its timer") {
  TestNode node;
  REQUIRE(node.Start("wf").ok());
  REQUIRE(node.CompleteWithTimer(node.PollWorkflow(), absl::Hours(24)).ok());
  const absl::Time fires = node.time().wall() + absl::Hours(24);
  CHECK(Wakes(node).front().at < fires);
  node.Advance(absl::Minutes(2));
  REQUIRE(Wakes(node).size() == 1);
  CHECK(Wakes(node).front().at == fires);
  // A takeover does not touch the run before its time.
  node.Crash();
  node.Restart();
  CHECK(Resident(node) == 0);
  node.Advance(absl::Hours(24));
  REQUIRE(node.CompleteRun(node.PollWorkflow()).ok());
}

TEST_CASE("the wakes of many runs that go quiet together are all raised within the same half minute") {
  TestNode node;
  const absl::Time fires = node.time().wall() + absl::Hours(24);
  for (int i = 0; i < 400; ++i) {
    REQUIRE(node.Start("wf" + std::to_string(i)).ok());
    REQUIRE(node.CompleteWithTimer(node.PollWorkflow(), absl::Hours(24)).ok());
  }
  node.Advance(absl::Seconds(50));
  const std::vector<persistence::WakeRow> wakes = Wakes(node);
  REQUIRE(wakes.size() == 400);
  for (const persistence::WakeRow& wake : wakes) CHECK(wake.at >= fires);
}

TEST_CASE(
    "a run that waits for a signal alone has no wake once it is quiet, and one again after the signal") {
  TestNode node;
  REQUIRE(node.Start("wf").ok());
  const auto task = node.PollWorkflow();
  REQUIRE(node.Complete(node.Completion(task)).ok());
  node.Advance(absl::Minutes(2));
  CHECK(Wakes(node).empty());
  REQUIRE(node.Signal("wf", "s").ok());
  CHECK(Wakes(node).size() == 1);
  node.Crash();
  node.Restart();
  REQUIRE(node.CompleteRun(node.PollWorkflow()).ok());
}

TEST_CASE("retention removes a closed run, its row and its wake") {
  TestNode node;
  REQUIRE(node.Start("wf").ok());
  REQUIRE(node.CompleteRun(node.PollWorkflow()).ok());
  const bool crash = GENERATE(false, true);
  if (crash) {
    node.Crash();
    node.Restart();
  }
  node.Advance(absl::Hours(72) + absl::Minutes(1));
  CHECK(Wakes(node).empty());
  CHECK(Resident(node) == 0);
  CHECK(absl::IsNotFound(node.Describe("wf").status()));
}

TEST_CASE("a stray wake without a run is removed") {
  TestNode node;
  const persistence::RunKey nobody{1, *Uuid::Parse("99999999-2222-4333-8444-555555555555")};
  node.Crash();
  ManualExecutor executor(node.time());
  const auto session = node.store().OpenSession(executor);
  session->Fence(2, [&](absl::StatusOr<persistence::FencedWriter> fenced) {
    persistence::Batch batch{fenced->writer, fenced->last_batch + 1, {}};
    persistence::RunWrite write;
    write.key = nobody;
    write.wakes_added = {node.time().wall()};
    batch.groups.push_back({{write}});
    session->Commit(std::move(batch), [](const persistence::CommitResult& result) {
      REQUIRE(result.outcome == persistence::CommitOutcome::kCommitted);
    });
  });
  node.Run();
  REQUIRE(Wakes(node).size() == 1);
  node.Restart();
  CHECK(Wakes(node).empty());
}

persistence::StoredRun Stored(TestNode& node, const std::string& workflow_id) {
  const RunPosition position = *node.Position(workflow_id);
  ManualExecutor executor(node.time());
  const auto session = node.store().OpenSession(executor);
  persistence::StoredRun stored;
  session->LoadRuns(
      {{{ShardOf(node.namespace_id(), workflow_id), position.run_id}}},
      [&](absl::StatusOr<std::vector<persistence::StoredRun>> runs) { stored = std::move(runs->front()); });
  node.Run();
  return stored;
}

void SignalWith(TestNode& node, size_t payload_bytes) {
  workflow::Signal signal = node.SignalRequest("wf", "s");
  signal.request.mutable_input()->add_payloads()->set_data(std::string(payload_bytes, 'x'));
  REQUIRE(node.Execute(node.Ref("wf"), signal).ok());
}

void StartWith(TestNode& node, size_t payload_bytes) {
  auto request = node.StartRequest("wf");
  request.mutable_input()->add_payloads()->set_data(std::string(payload_bytes, 'x'));
  REQUIRE(node.Start(request).ok());
}

TEST_CASE("a long log gets a snapshot, and folds on from it") {
  TestNode node;
  REQUIRE(node.Start("wf").ok());
  for (int i = 0; i < 100; ++i) SignalWith(node, 2000);
  node.Crash();
  node.Restart();
  const persistence::StoredRun stored = Stored(node, "wf");
  REQUIRE(stored.snapshot.has_value());
  CHECK(stored.snapshot->sequence > 50);
  CHECK(stored.rows.size() < 50);
  CHECK(node.Read("wf").events_size() == 102);
  REQUIRE(node.CompleteRun(node.PollWorkflow()).ok());
}

TEST_CASE("a snapshot that would hold most of the log again is not written, on the way out neither") {
  TestNode node(GENERATE(false, true) ? Forgetful() : TestNode::Options());
  StartWith(node, 200'000);
  SignalWith(node, 200'000);
  CHECK_FALSE(Stored(node, "wf").snapshot.has_value());
  node.Crash();
  node.Restart();
  CHECK(node.Read("wf").events_size() == 3);
  SignalWith(node, 200'000);
  SignalWith(node, 200'000);
  CHECK_FALSE(Stored(node, "wf").snapshot.has_value());
  SignalWith(node, 200'000);
  CHECK(Stored(node, "wf").snapshot.has_value());
  REQUIRE(node.CompleteRun(node.PollWorkflow()).ok());
}

TEST_CASE("many small rows get a snapshot on the way out") {
  TestNode node(Forgetful());
  REQUIRE(node.Start("wf").ok());
  for (int i = 0; i < 100; ++i) SignalWith(node, 10);
  const persistence::StoredRun stored = Stored(node, "wf");
  REQUIRE(stored.snapshot.has_value());
  CHECK(stored.rows.size() < 100);
  REQUIRE(node.CompleteRun(node.PollWorkflow()).ok());
}

}  // namespace
}  // namespace perdure::server
