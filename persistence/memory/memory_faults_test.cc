// The faults that the memory store can imitate, on virtual time, as the simulation uses them.
#include <catch2/catch.hpp>
#include <optional>
#include <utility>

#include "base/testing/manual_executor.h"
#include "persistence/contract/harness.h"
#include "persistence/memory/memory_store.h"

namespace perdure::persistence {
namespace {

class Planned final : public MemoryFaults {
 public:
  CommitPlan OnCommit(const Batch&) override { return std::exchange(commit, CommitPlan{}); }
  ReadPlan OnOperation(std::string_view) override { return std::exchange(operation, ReadPlan{}); }
  bool StalledLands(const Batch&, Moment moment) override {
    return moment == Moment::kFence ? lands_at_fence : lands_now;
  }

  CommitPlan commit;
  ReadPlan operation;
  bool lands_now = false;
  bool lands_at_fence = false;
};

struct Node {
  explicit Node(size_t remembered = 100)
      : store(NewMemoryStore({nullptr, &faults, nullptr, remembered})),
        session(store->OpenSession(executor)) {}

  FencedWriter Fence(Session& from) {
    std::optional<FencedWriter> fenced;
    from.Fence(1, [&](absl::StatusOr<FencedWriter> answer) { fenced = answer.value(); });
    time.RunUntilIdle();
    return fenced.value();
  }
  std::optional<CommitOutcome> Commit(const Writer& writer, uint64_t number, RunWrite write) {
    outcome.reset();
    session->Commit({writer, number, {{{std::move(write)}}}},
                    [this](CommitResult result) { outcome = result.outcome; });
    time.RunUntilIdle();
    return outcome;
  }
  size_t Rows(const RunKey& key) {
    std::optional<size_t> rows;
    session->LoadRuns(
        {{key}}, [&](absl::StatusOr<std::vector<StoredRun>> runs) { rows = runs.value()[0].rows.size(); });
    time.RunUntilIdle();
    return rows.value();
  }

  VirtualTime time{1};
  ManualExecutor executor{time};
  Planned faults;
  std::unique_ptr<MemoryStore> store;
  std::unique_ptr<Session> session;
  std::optional<CommitOutcome> outcome;
  RunKey key = contract::NewRunKey();
  RunWrite write = contract::FirstWrite(key, contract::NewUuid(), "id");
};

using Fault = MemoryFaults::CommitFault;

}  // namespace

TEST_CASE("memory faults: a commit that fails leaves nothing, and its number is free") {
  Node node;
  const Writer writer = node.Fence(*node.session).writer;
  node.faults.commit.fault = Fault::kFails;
  CHECK(node.Commit(writer, 1, node.write) == CommitOutcome::kFailed);
  CHECK(node.Rows(node.key) == 0);
  CHECK(node.Commit(writer, 1, node.write) == CommitOutcome::kCommitted);
}

TEST_CASE("memory faults: a stalled batch lands after the reload unless it was fenced") {
  Node node;
  const Writer writer = node.Fence(*node.session).writer;
  node.faults.commit.fault = Fault::kUnknownStalls;
  CHECK(node.Commit(writer, 1, node.write) == CommitOutcome::kUnknown);
  CHECK(node.Rows(node.key) == 0);
  SECTION("without a fence it turns up later") {
    node.faults.lands_now = true;
    CHECK(node.Rows(node.key) == 1);
  }
  SECTION("a fence that comes first makes it impossible") {
    CHECK(node.Fence(*node.session).last_batch == 0);
    node.faults.lands_now = true;
    CHECK(node.Rows(node.key) == 0);
  }
  SECTION("a fence that comes second makes it visible") {
    node.faults.lands_at_fence = true;
    CHECK(node.Fence(*node.session).last_batch == 1);
    CHECK(node.Rows(node.key) == 1);
  }
}

TEST_CASE("memory faults: a slow store takes its time before the batch lands, and before it answers") {
  Node node;
  const Writer writer = node.Fence(*node.session).writer;
  node.faults.commit.before = absl::Seconds(2);
  node.faults.commit.after = absl::Seconds(3);
  CHECK(node.Commit(writer, 1, node.write) == std::nullopt);
  CHECK(node.Rows(node.key) == 0);
  node.time.Advance(absl::Seconds(2));
  CHECK(node.Rows(node.key) == 1);
  CHECK(node.outcome == std::nullopt);
  node.time.Advance(absl::Seconds(3));
  CHECK(node.outcome == CommitOutcome::kCommitted);
}

TEST_CASE("memory faults: a session that ends before its slow batch was sent never sent it") {
  Node node;
  const Writer writer = node.Fence(*node.session).writer;
  node.faults.commit.before = absl::Seconds(2);
  node.Commit(writer, 1, node.write);
  node.session.reset();
  node.time.Advance(absl::Seconds(10));
  node.session = node.store->OpenSession(node.executor);
  CHECK(node.Rows(node.key) == 0);
  CHECK(node.outcome == std::nullopt);
}

TEST_CASE("memory faults: a read fails, or is late") {
  Node node;
  node.faults.operation.fails = true;
  absl::Status status;
  node.session->ListNamespaces(
      [&](const absl::StatusOr<std::vector<NamespaceRow>>& rows) { status = rows.status(); });
  node.time.RunUntilIdle();
  CHECK(absl::IsUnavailable(status));
  node.faults.operation.delay = absl::Seconds(1);
  bool answered = false;
  node.session->ListNamespaces(
      [&](const absl::StatusOr<std::vector<NamespaceRow>>& rows) { answered = rows.ok(); });
  node.time.RunUntilIdle();
  CHECK_FALSE(answered);
  node.time.Advance(absl::Seconds(1));
  CHECK(answered);
}

TEST_CASE("memory faults: the last batches vanish with what was done since, and stalled ones never land") {
  Node node;
  const Writer writer = node.Fence(*node.session).writer;
  CHECK(node.Commit(writer, 1, node.write) == CommitOutcome::kCommitted);
  RunWrite second;
  second.key = node.key;
  second.history = {contract::Row(2, 3, 1, "lost")};
  CHECK(node.Commit(writer, 2, second) == CommitOutcome::kCommitted);
  const Writer later = node.Fence(*node.session).writer;
  second.history = {contract::Row(3, 4, 1, "stalled")};
  node.faults.commit.fault = Fault::kUnknownStalls;
  node.Commit(later, 3, second);
  CHECK(node.store->LoseLastBatches(1) == 1);
  node.faults.lands_now = true;
  CHECK(node.Rows(node.key) == 1);
  CHECK(node.Commit(later, 3, second) == CommitOutcome::kFenced);
  const FencedWriter fenced = node.Fence(*node.session);
  CHECK(fenced.last_batch == 1);
  CHECK(fenced.writer.epoch == later.epoch);  // the fence was lost too
}

TEST_CASE("memory faults: no more batches vanish than are remembered") {
  Node node(2);
  const Writer writer = node.Fence(*node.session).writer;
  for (uint64_t number = 1; number <= 4; ++number) {
    RunWrite write = contract::FirstWrite(contract::NewRunKey(), contract::NewUuid(), "id");
    CHECK(node.Commit(writer, number, write) == CommitOutcome::kCommitted);
  }
  CHECK(node.store->LoseLastBatches(10) == 2);
  CHECK(node.Fence(*node.session).last_batch == 2);
}

TEST_CASE("memory store: rows that do not follow each other are refused") {
  Node node;
  const Writer writer = node.Fence(*node.session).writer;
  CHECK(node.Commit(writer, 1, node.write) == CommitOutcome::kCommitted);  // row 1, events 1 and 2
  RunWrite next;
  next.key = node.key;
  next.history = {contract::Row(3, 3, 1, "a row is missing")};
  CHECK(node.Commit(writer, 2, next) == CommitOutcome::kRefused);
  next.history = {contract::Row(2, 4, 1, "an event is missing")};
  CHECK(node.Commit(writer, 2, next) == CommitOutcome::kRefused);
  next.history.clear();
  next.snapshot = SnapshotRow{1, 2, "it holds events 1 and 2, so 3 is next"};
  CHECK(node.Commit(writer, 2, next) == CommitOutcome::kRefused);
  next.snapshot = SnapshotRow{2, 3, "there is no row 2"};
  CHECK(node.Commit(writer, 2, next) == CommitOutcome::kRefused);
  next.snapshot = SnapshotRow{1, 3, "right"};
  CHECK(node.Commit(writer, 2, next) == CommitOutcome::kCommitted);
}

}  // namespace perdure::persistence
