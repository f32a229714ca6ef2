// Loads bounded in bytes, and what they say of runs that are to be removed or are not there.
#include <catch2/catch.hpp>

#include "persistence/contract/harness.h"

namespace perdure::persistence::contract {
namespace {

using Found = StoredRun::Found;

struct Loading {
  Loading() : backend(NewBackend()), session(backend->store()), writer(session, 1) {}

  // A run whose rows weigh `bytes`.
  RunKey Write(size_t bytes) {
    const RunKey key = NewRunKey();
    RunWrite write = FirstWrite(key, space, key.run_id.ToString());
    write.history[0].events = std::string(bytes, 'e');
    write.history[0].changes.clear();
    writer.Commit(write);
    return key;
  }
  std::vector<StoredRun> Load(LoadQuery query) {
    auto runs = session.Await<absl::StatusOr<std::vector<StoredRun>>>(
        [&](Session& s, auto done) { s.LoadRuns(query, std::move(done)); });
    INFO(runs.status().ToString());
    REQUIRE(runs.ok());
    REQUIRE(runs->size() == query.keys.size());
    for (size_t i = 0; i < runs->size(); ++i) REQUIRE((*runs)[i].key == query.keys[i]);
    return *std::move(runs);
  }
  std::vector<Found> Look(std::vector<RunKey> keys, size_t max_bytes) {
    std::vector<Found> found;
    for (const StoredRun& run : Load({std::move(keys), max_bytes, std::nullopt})) {
      found.push_back(run.found);
      CHECK(run.rows.empty() == (run.found != Found::kRun));
      CHECK((run.found == Found::kRun || !run.snapshot));
    }
    return found;
  }
  // Its execution row again, closed and with this delete_at.
  void Close(const RunKey& key, std::optional<absl::Time> delete_at) {
    RunWrite write;
    write.key = key;
    write.execution = Execution(space, key.run_id.ToString());
    write.execution->status = 2;
    write.execution->close_time = At(1100);
    write.execution->delete_at = delete_at;
    write.execution->history_length = 2;
    write.execution->state_transition_count = 1;
    write.execution->history_size_bytes = 23;
    writer.Commit(write);
  }
  // Removes of the run what begins with an event of [from, below).
  void Remove(const RunKey& key, int64_t from, int64_t below) {
    RunWrite write;
    write.key = key;
    write.deleted = Deletion{from, below};
    writer.Commit(write);
  }

  std::unique_ptr<Backend> backend;
  TestSession session;
  TestWriter writer;
  Uuid space = NewUuid();
};

}  // namespace

TEST_CASE("store: a load ends where its bytes are reached, and reads one run at least") {
  Loading store;
  std::vector<RunKey> keys;
  for (int i = 0; i < 4; ++i) keys.push_back(store.Write(1000));
  const auto run = Found::kRun;
  const auto later = Found::kLater;
  CHECK(store.Look(keys, 1) == std::vector{run, later, later, later});
  CHECK(store.Look(keys, 1000) == std::vector{run, later, later, later});
  CHECK(store.Look(keys, 1001) == std::vector{run, run, later, later});
  CHECK(store.Look(keys, 3000) == std::vector{run, run, run, later});
  CHECK(store.Look(keys, 3001) == std::vector{run, run, run, run});
  CHECK(store.Look({keys[2], keys[0]}, 1) == std::vector{run, later});
  // What is not there weighs nothing, before the last one that is read and behind it.
  const RunKey none = NewRunKey();
  CHECK(store.Look({none, keys[0], keys[1], none}, 1) ==
        std::vector{Found::kNothing, run, later, Found::kNothing});
}

TEST_CASE("store: changes and snapshots have their weight in a load, and rows behind a snapshot have none") {
  Loading store;
  const RunKey first = store.Write(10);
  const RunKey second = store.Write(10);
  RunWrite more;
  more.key = first;
  more.history = {Row(2, 3, 0, "")};
  more.history[0].changes = std::string(500, 'c');
  store.writer.Commit(more);
  CHECK(store.Look({first, second}, 510) == std::vector{Found::kRun, Found::kLater});
  CHECK(store.Look({first, second}, 511) == std::vector{Found::kRun, Found::kRun});
  RunWrite snapshot;
  snapshot.key = first;
  snapshot.snapshot = SnapshotRow{2, 3, std::string(100, 's')};
  store.writer.Commit(snapshot);
  CHECK(store.Load({{first}})[0].snapshot.has_value());
  RunWrite event;
  event.key = first;
  event.history = {Row(3, 3, 1, "x")};
  event.history[0].changes.clear();
  store.writer.Commit(event);
  CHECK(store.Look({first, second}, 101) == std::vector{Found::kRun, Found::kLater});
  CHECK(store.Look({first, second}, 102) == std::vector{Found::kRun, Found::kRun});
}

TEST_CASE("store: all runs come when what is left is asked for again") {
  Loading store;
  std::vector<RunKey> keys;
  for (size_t i = 0; i < 40; ++i) keys.push_back(store.Write(100 + 37 * (i % 11)));
  std::vector<RunKey> left = keys;
  int queries = 0;
  while (!left.empty()) {
    std::vector<RunKey> later;
    size_t bytes = 0;
    for (const StoredRun& run : store.Load({left, 1000, std::nullopt})) {
      if (run.found == Found::kLater) {
        later.push_back(run.key);
      } else {
        REQUIRE(run.found == Found::kRun);
        CHECK(bytes < 1000);
        bytes += run.rows.at(0).events.size();
      }
    }
    REQUIRE(later.size() < left.size());
    left = later;
    ++queries;
  }
  CHECK(queries > 5);
}

TEST_CASE("store: a run whose delete_at has come is not read by who asks so") {
  Loading store;
  const RunKey open = store.Write(10);
  const RunKey closed = store.Write(10);
  const RunKey due = store.Write(10);
  store.Close(closed, std::nullopt);
  store.Close(due, absl::FromUnixNanos(2'000'000'000'999));
  const absl::Time delete_at = At(2000);
  for (const bool asked : {false, true}) {
    LoadQuery query{{open, closed, due}};
    if (asked) query.due_by = delete_at;
    const auto runs = store.Load(query);
    CHECK(runs[0].found == Found::kRun);
    CHECK_FALSE(runs[0].delete_at.has_value());
    CHECK(runs[1].found == Found::kRun);
    CHECK_FALSE(runs[1].delete_at.has_value());
    CHECK(runs[2].found == (asked ? Found::kDue : Found::kRun));
    CHECK(runs[2].delete_at == delete_at);
    CHECK(runs[2].rows.size() == (asked ? 0 : 1));
    if (!asked) continue;
    CHECK(runs[2].size.last_event_id == 2);
    CHECK(runs[2].size.rows == 1);
    CHECK(runs[2].size.bytes == 23);
  }
  LoadQuery early{{due}};
  early.due_by = delete_at - absl::Microseconds(1);
  CHECK(store.Load(early)[0].found == Found::kRun);
  store.Close(due, std::nullopt);  // something needs it again
  early.due_by = absl::InfiniteFuture() - absl::Seconds(1);
  CHECK(store.Load(early)[0].found == Found::kRun);
}

TEST_CASE("store: a long run is removed in parts, and is gone with the first") {
  Loading store;
  const RunKey key = store.Write(10);
  const RunKey neighbour = store.Write(10);
  RunWrite more;
  more.key = key;
  for (int64_t sequence = 2; sequence <= 9; ++sequence)
    more.history.push_back(Row(sequence, sequence + 1, 1, "e"));
  more.history.push_back(Row(10, 11, 0, ""));
  more.snapshot = SnapshotRow{1, 3, "state"};
  store.writer.Commit(more);

  store.Remove(key, 0, 5);
  CHECK(store.backend->CountHistoryRows(key) == 7);
  StoredRun left = store.Load({{key}})[0];
  CHECK(left.found == Found::kNothing);
  CHECK_FALSE(left.snapshot.has_value());
  CHECK(left.rows.empty());
  CHECK(left.size.last_event_id == 11);
  CHECK(store.session.FindCurrent({key.shard, store.space, key.run_id.ToString()}) == std::nullopt);
  VisibilityQuery all;
  all.namespace_id = store.space;
  CHECK(store.session.Count(all) == 1);

  store.Remove(key, 5, 11);
  CHECK(store.backend->CountHistoryRows(key) == 1);
  store.Remove(key, 11, Deletion{}.below_event_id);
  CHECK(store.backend->CountHistoryRows(key) == 0);
  CHECK(store.Load({{key}})[0].size.last_event_id == 0);
  CHECK(store.backend->CountHistoryRows(neighbour) == 1);
  CHECK(store.Load({{neighbour}})[0].found == Found::kRun);
  store.writer.Commit(FirstWrite(key, store.space, "its place is free"));
}

TEST_CASE("store: a refused batch leaves what it would have removed") {
  Loading store;
  const RunKey key = store.Write(10);
  store.writer.Commit(FirstWrite(NewRunKey(), store.space, "taken"));
  RunWrite more;
  more.key = key;
  more.history = {Row(2, 3, 1, "e"), Row(3, 4, 1, "f")};
  more.snapshot = SnapshotRow{2, 4, "state"};
  store.writer.Commit(more);
  RunWrite deletion;
  deletion.key = key;
  deletion.deleted = Deletion{0, 4};
  const WriteGroup group{{deletion, FirstWrite(NewRunKey(), store.space, "taken")}};
  CHECK(store.writer.Try(store.writer.Next(group)).outcome == CommitOutcome::kRefused);
  const StoredRun run = store.Load({{key}})[0];
  CHECK(run.found == Found::kRun);
  CHECK(run.snapshot.has_value());
  CHECK(run.rows.size() == 1);
  CHECK(store.backend->CountHistoryRows(key) == 3);
}

}  // namespace perdure::persistence::contract
