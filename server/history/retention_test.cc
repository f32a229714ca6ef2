// Retention: on the word of the execution row alone, without loading, a bounded part a commit.
#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <vector>

#include "base/limits.h"
#include "server/history/retention.h"
#include "server/history/testing/test_node.h"

namespace perdure::server {
namespace {

using persistence::RunKey;
using testing::TestNode;
namespace workflow = engine::workflow;

constexpr absl::Duration kCommitTime = absl::Milliseconds(10);
constexpr absl::Duration kRetention = absl::Hours(72);

// While `slow`, a commit takes `commit_time`. Notes what commits remove.
class Commits final : public persistence::MemoryFaults {
 public:
  CommitPlan OnCommit(const persistence::Batch& batch) override {
    size_t removed = 0;
    for (const persistence::WriteGroup& group : batch.groups) {
      for (const persistence::RunWrite& write : group.runs) {
        if (!write.deleted) continue;
        ++removed;
        parts[write.key].push_back(*write.deleted);
      }
    }
    if (removed > 0) removed_by.push_back(removed);
    return {CommitFault::kNone, slow ? commit_time : absl::ZeroDuration(), {}};
  }
  ReadPlan OnOperation(std::string_view operation) override {
    if (operation == "LoadRuns") ++loads;
    return {};
  }
  size_t most_runs() const {
    return removed_by.empty() ? 0 : *std::max_element(removed_by.begin(), removed_by.end());
  }
  bool slow = false;
  absl::Duration commit_time = kCommitTime;
  std::vector<size_t> removed_by;  // runs, by each commit that removed some
  int loads = 0;
  std::map<RunKey, std::vector<persistence::Deletion>> parts;
};

struct Retaining {
  explicit Retaining(HistoryOptions history = {}) : node(OptionsWith(history, commits)) {}

  static TestNode::Options OptionsWith(HistoryOptions history, Commits& commits) {
    TestNode::Options options;
    options.faults = &commits;
    options.executors = 1;
    options.history = history;
    return options;
  }
  RunKey KeyOf(const std::string& workflow_id) {
    return {ShardOf(node.namespace_id(), workflow_id), node.Position(workflow_id)->run_id};
  }
  void Terminate(const std::string& workflow_id) {
    REQUIRE(node.Execute(node.Ref(workflow_id), workflow::Terminate{}).ok());
  }
  // A closed run of `events` events or a few more, each in a row of its own.
  RunKey CloseAfter(const std::string& workflow_id, int events) {
    REQUIRE(node.Start(workflow_id).ok());
    for (int i = 2; i < events; ++i) REQUIRE(node.Signal(workflow_id, "s").ok());
    const RunKey key = KeyOf(workflow_id);
    Terminate(workflow_id);
    return key;
  }
  // Writes rows that no rules made, as another writer would; the node is down meanwhile.
  void Write(persistence::RunWrite write) {
    node.Crash();
    ManualExecutor executor(node.time());
    const auto session = node.store().OpenSession(executor);
    session->Fence(1, [&](absl::StatusOr<persistence::FencedWriter> fenced) {
      persistence::Batch batch{fenced->writer, fenced->last_batch + 1, {{{write}}}};
      session->Commit(std::move(batch), [](const persistence::CommitResult& result) {
        REQUIRE(result.outcome == persistence::CommitOutcome::kCommitted);
      });
    });
    node.Run();
    node.Restart();
  }

  Commits commits;
  TestNode node;
};

persistence::RunWrite Unreadable(TestNode& node, std::optional<absl::Time> delete_at) {
  persistence::RunWrite write;
  write.key = {ShardOf(node.namespace_id(), "damaged"), *Uuid::Parse("99999999-2222-4333-8444-555555555555")};
  write.history = {{1, 1, 2, "this is no event", ""}};
  write.execution.emplace();
  write.execution->namespace_id = node.namespace_id();
  write.execution->id = "damaged";
  write.execution->status = 2;
  write.execution->close_time = node.time().wall();
  write.execution->delete_at = delete_at;
  write.execution->history_length = 2;
  write.wakes_added = {node.time().wall() + absl::Hours(1)};
  return write;
}

TEST_CASE("a run that cannot be folded is removed when its row says so") {
  Retaining retaining;
  TestNode& node = retaining.node;
  const auto damaged = Unreadable(node, node.time().wall() + absl::Hours(1));
  retaining.Write(damaged);
  node.Advance(absl::Hours(1) - absl::Seconds(1));
  CHECK(node.store().CountHistoryRows(damaged.key) == 1);
  node.Advance(absl::Seconds(2));
  CHECK(node.store().CountHistoryRows(damaged.key) == 0);
  CHECK(node.Start("damaged").ok());
}

TEST_CASE("a run whose row does not say that it may go stays, whatever its wake says") {
  Retaining retaining;
  TestNode& node = retaining.node;
  const bool later = GENERATE(false, true);
  const auto delete_at = later ? std::optional(node.time().wall() + absl::Hours(1000)) : std::nullopt;
  const auto damaged = Unreadable(node, delete_at);
  retaining.Write(damaged);
  node.Advance(absl::Hours(500));
  CHECK(node.store().CountHistoryRows(damaged.key) == 1);
  CHECK(retaining.commits.parts.empty());
}

TEST_CASE("an open run's row has no delete_at, and its close sets it") {
  Retaining retaining;
  TestNode& node = retaining.node;
  REQUIRE(node.Start("wf").ok());
  const auto stored = [&] {
    ManualExecutor executor(node.time());
    const auto session = node.store().OpenSession(executor);
    std::optional<absl::Time> delete_at;
    session->LoadRuns({{retaining.KeyOf("wf")}},
                      [&](absl::StatusOr<std::vector<persistence::StoredRun>> runs) {
                        delete_at = runs->front().delete_at;
                      });
    node.Run();
    return delete_at;
  };
  CHECK_FALSE(stored().has_value());
  const absl::Time closed = node.time().wall();
  retaining.Terminate("wf");
  CHECK(stored() == closed + kRetention);
}

TEST_CASE("many runs that may go at once are removed by many commits") {
  HistoryOptions forgetful;
  forgetful.resident_bytes = forgetful.tail_bytes = 1;
  const bool in_memory = GENERATE(false, true);
  Retaining retaining(in_memory ? HistoryOptions() : forgetful);
  TestNode& node = retaining.node;
  constexpr size_t kRuns = 2000;
  for (size_t i = 0; i < kRuns; ++i) retaining.CloseAfter("wf" + std::to_string(i), 2);
  const auto size = node.Describe("wf0");
  REQUIRE(size.ok());
  const auto rows = static_cast<size_t>(size->workflow_execution_info().state_transition_count());
  node.Advance(kRetention + absl::Minutes(1));
  CHECK(retaining.commits.parts.size() == kRuns);
  CHECK(retaining.commits.most_runs() * rows <= limits::kRemovedRows);
  CHECK(retaining.commits.removed_by.size() >= kRuns * rows / limits::kRemovedRows);
  for (const auto& [key, parts] : retaining.commits.parts) {
    CHECK(parts.size() == 1);
    CHECK(node.store().CountHistoryRows(key) == 0);
  }
  for (const size_t i : {size_t{0}, kRuns - 1}) {
    CHECK(absl::IsNotFound(node.Describe("wf" + std::to_string(i)).status()));
  }
}

TEST_CASE("a long run goes in parts, and is gone for clients with the first") {
  Retaining retaining;
  TestNode& node = retaining.node;
  constexpr int kEvents = 2500;
  const RunKey key = retaining.CloseAfter("long", kEvents);
  const int64_t rows = node.store().CountHistoryRows(key);
  REQUIRE(rows > static_cast<int64_t>(2 * limits::kRemovedRows));
  node.Advance(kRetention - absl::Seconds(1));
  retaining.commits.slow = true;
  node.Advance(absl::Seconds(1) + kCommitTime / 2);
  const auto told = node.WaitLater(node.Ref("long"), 1, absl::ZeroDuration());
  node.Run();
  CHECK_FALSE(told.Came());  // not before it is gone for good
  node.Advance(kCommitTime);
  REQUIRE(told.Came());
  CHECK(absl::IsNotFound(told.Get().status()));
  CHECK(node.store().CountHistoryRows(key) > 0);

  const bool crash = GENERATE(false, true);
  if (crash) {
    node.Crash();
    node.Restart();
    CHECK(absl::IsNotFound(node.Position("long").status()));
  }
  const auto started = node.StartLater(node.StartRequest("long"));
  node.Advance(3 * kCommitTime);
  REQUIRE(started.Came());
  CHECK(started.Get().ok());
  node.Advance(100 * kCommitTime);
  CHECK(node.store().CountHistoryRows(key) == 0);

  const auto& parts = retaining.commits.parts.at(key);
  REQUIRE(parts.size() >= 3);
  const auto most = static_cast<int64_t>(limits::kRemovedRows);
  for (size_t i = 0; i + 1 < parts.size(); ++i)
    CHECK(parts[i].below_event_id - parts[i].from_event_id <= most + 1);
  CHECK(parts.back().below_event_id == persistence::Deletion{}.below_event_id);
  CHECK(node.Describe("long").ok());  // the new run
}

TEST_CASE("a commit removes no more than its share while clients go on") {
  Retaining retaining;
  TestNode& node = retaining.node;
  for (int i = 0; i < 4; ++i) retaining.CloseAfter("old" + std::to_string(i), 1200);
  node.Advance(kRetention - absl::Seconds(1));
  REQUIRE(node.Start("client").ok());
  retaining.commits.slow = true;
  node.Advance(absl::Seconds(1));
  int answered = 0;
  for (int i = 0; i < 20; ++i) {
    const auto signaled = node.ExecuteLater(node.Ref("client"), node.SignalRequest("client", "s"));
    node.Advance(5 * kCommitTime / 2);  // the commit under way, and its own
    REQUIRE(signaled.Came());
    if (signaled.Get().ok()) ++answered;
  }
  CHECK(answered == 20);
  CHECK(retaining.commits.most_runs() <= 2);
  CHECK(retaining.commits.removed_by.size() >= 8);
}

TEST_CASE("a store that is slow is asked to remove less at a time, and more again once it is not") {
  Retaining retaining;
  TestNode& node = retaining.node;
  Commits& commits = retaining.commits;
  constexpr size_t kRuns = 400;
  for (size_t i = 0; i < kRuns; ++i) retaining.CloseAfter("wf" + std::to_string(i), 2);
  commits.commit_time = Retention::kSlowCommit;
  commits.slow = true;
  node.Advance(kRetention);
  const auto halved_so_often = [&] { return commits.removed_by.size() > size_t{Retention::kHalvings} + 2; };
  while (!halved_so_often() && commits.parts.size() < kRuns) node.Advance(Retention::kSlowCommit);
  const size_t most = commits.most_runs();
  const size_t least = commits.removed_by.back();
  REQUIRE(commits.parts.size() < kRuns);
  CHECK(least <= most / 4);
  commits.slow = false;
  commits.removed_by.clear();
  node.Advance(absl::Minutes(1));
  CHECK(commits.parts.size() == kRuns);
  CHECK(commits.most_runs() >= 4 * least);
}

TEST_CASE("a store that is slow whatever is removed is asked for all it may remove while many runs wait") {
  Retaining retaining;
  TestNode& node = retaining.node;
  Commits& commits = retaining.commits;
  constexpr size_t kRuns = Retention::kBehind + 1000;
  for (size_t i = 0; i < kRuns; ++i) retaining.CloseAfter("wf" + std::to_string(i), 2);
  commits.commit_time = Retention::kSlowCommit;
  commits.slow = true;
  node.Advance(kRetention);
  while (commits.parts.size() < kRuns - Retention::kBehind) node.Advance(Retention::kSlowCommit);
  // The first takes the run that was due first, alone; the last may be the one that leaves kBehind.
  REQUIRE(commits.removed_by.size() > 3);
  const auto least = std::min_element(commits.removed_by.begin() + 1, commits.removed_by.end() - 1);
  CHECK(*least >= commits.most_runs() / 2);
}

TEST_CASE("a wake that is read while its run is being removed goes with it") {
  HistoryOptions one_by_one;
  one_by_one.wakes = {1, 2, 1};
  Retaining retaining(one_by_one);
  TestNode& node = retaining.node;
  auto damaged = Unreadable(node, node.time().wall() + absl::Hours(1));
  for (int i = 1; i <= 3; ++i) damaged.wakes_added.push_back(node.time().wall() + absl::Seconds(i));
  retaining.Write(damaged);
  node.Crash();
  node.Advance(absl::Hours(2));
  retaining.commits.slow = true;
  node.Restart();
  node.Advance(absl::Seconds(10));
  CHECK(node.store().CountHistoryRows(damaged.key) == 0);
  ManualExecutor executor(node.time());
  const auto session = node.store().OpenSession(executor);
  std::optional<size_t> wakes;
  session->ReadWakes({1, std::nullopt, absl::InfiniteFuture(), 10},
                     [&](absl::StatusOr<std::vector<persistence::WakeRow>> rows) { wakes = rows->size(); });
  node.Run();
  CHECK(wakes == size_t{0});
}

TEST_CASE("a run whose removal the store refuses is removed later") {
  Retaining retaining;
  TestNode& node = retaining.node;
  const RunKey key = retaining.CloseAfter("wf", 3);
  node.refusing().refuses = [](const persistence::RunWrite& write) { return write.deleted.has_value(); };
  node.Advance(kRetention + absl::Seconds(1));
  CHECK(node.refusing().refused_batches == 1);
  CHECK(node.store().CountHistoryRows(key) > 0);
  CHECK(node.Start("other").ok());
  node.refusing().refuses = nullptr;
  node.Advance(absl::Minutes(6));
  CHECK(node.store().CountHistoryRows(key) == 0);
}

TEST_CASE("a removal that a lost commit undid is done again") {
  Retaining retaining;
  TestNode& node = retaining.node;
  const RunKey key = retaining.CloseAfter("wf", 1200);
  node.Advance(kRetention - absl::Seconds(1));
  retaining.commits.slow = true;
  node.Advance(absl::Seconds(1) + 3 * kCommitTime / 2);
  REQUIRE(node.store().CountHistoryRows(key) > 0);
  node.Crash();
  node.Restart();
  node.Advance(absl::Seconds(10));
  CHECK(node.store().CountHistoryRows(key) == 0);
}

}  // namespace
}  // namespace perdure::server
