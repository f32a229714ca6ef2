#include <catch2/catch.hpp>

#include "persistence/contract/harness.h"

namespace perdure::persistence::contract {
namespace {

const std::string kBytes("\0\x01\xff any bytes \xc3(", 15);

// What an executor does with a refused batch: cut it in two until the guilty group stands alone.
std::vector<RunKey> CommitByBisection(TestWriter& writer, std::vector<WriteGroup> groups) {
  Batch batch{writer.writer, writer.last_batch + 1, groups};
  const CommitResult result = writer.Try(std::move(batch));
  if (result.outcome == CommitOutcome::kCommitted) return {};
  INFO(result.message);
  REQUIRE(result.outcome == CommitOutcome::kRefused);
  if (groups.size() == 1) return {groups.front().runs.front().key};
  const auto middle = groups.begin() + static_cast<std::ptrdiff_t>(groups.size() / 2);
  std::vector<RunKey> guilty = CommitByBisection(writer, {groups.begin(), middle});
  for (const RunKey& key : CommitByBisection(writer, {middle, groups.end()})) guilty.push_back(key);
  return guilty;
}

}  // namespace

TEST_CASE("store: a run is loaded as it was written") {
  auto backend = NewBackend();
  TestSession session(backend->store());
  TestWriter writer(session, 1);
  const RunKey key = NewRunKey();
  RunWrite write = FirstWrite(key, NewUuid(), "id");
  write.history = {Row(1, 1, 2, kBytes), Row(2, 3, 0, ""), Row(3, 3, 1, std::string(1 << 20, 'x'))};
  write.history[1].changes = "";
  writer.Commit(write);
  const StoredRun run = session.Load(key);
  CHECK_FALSE(run.snapshot.has_value());
  REQUIRE(run.rows.size() == 3);
  for (size_t i = 0; i < 3; ++i) CHECK(Equal(run.rows[i], write.history[i]));
}

TEST_CASE("store: a load begins with the newest snapshot") {
  auto backend = NewBackend();
  TestSession session(backend->store());
  TestWriter writer(session, 1);
  const RunKey key = NewRunKey();
  RunWrite write = FirstWrite(key, NewUuid(), "id");
  // Rows 2 to 4 hold no event, so their first event id says nothing about whether the snapshot has them.
  write.history = {Row(1, 1, 2, "a"), Row(2, 3, 0, ""), Row(3, 3, 0, ""), Row(4, 3, 0, ""),
                   Row(5, 3, 1, "b")};
  write.snapshot = SnapshotRow{1, 3, "old"};
  writer.Commit(write);
  CHECK(session.Load(key).rows.size() == 4);

  RunWrite snapshot;
  snapshot.key = key;
  snapshot.snapshot = SnapshotRow{3, 3, kBytes};
  writer.Commit(snapshot);
  const StoredRun run = session.Load(key);
  REQUIRE(run.snapshot.has_value());
  CHECK(run.snapshot->sequence == 3);
  CHECK(run.snapshot->next_event_id == 3);
  CHECK(run.snapshot->state == kBytes);
  REQUIRE(run.rows.size() == 2);
  CHECK(run.rows[0].sequence == 4);
  CHECK(run.rows[1].sequence == 5);

  snapshot.snapshot = SnapshotRow{5, 4, "all"};
  writer.Commit(snapshot);
  CHECK(session.Load(key).snapshot->state == "all");
  CHECK(session.Load(key).rows.empty());
}

TEST_CASE("store: many runs are loaded at once, in the order asked, missing ones empty") {
  auto backend = NewBackend();
  TestSession session(backend->store());
  TestWriter writer(session, 1);
  std::vector<RunKey> keys;
  std::vector<RunWrite> writes;
  for (ShardId shard = 0; shard < 300; ++shard) {
    keys.push_back(NewRunKey(shard % 7));
    if (shard % 3 == 0) continue;
    RunWrite write = FirstWrite(keys.back(), NewUuid(), "id");
    write.history = {Row(1, 1, 1, keys.back().run_id.ToString()), Row(2, 2, 1, "second")};
    if (shard % 3 == 1) write.snapshot = SnapshotRow{1, 2, keys.back().run_id.ToString()};
    writes.push_back(write);
  }
  keys.push_back(keys[1]);  // a key may be asked for twice
  writer.Commit(writes);
  auto runs = session.Await<absl::StatusOr<std::vector<StoredRun>>>(
      [&](Session& s, auto done) { s.LoadRuns({keys}, std::move(done)); });
  REQUIRE(runs.ok());
  REQUIRE(runs->size() == keys.size());
  for (size_t i = 0; i < keys.size(); ++i) {
    const StoredRun& run = (*runs)[i];
    const size_t kind = i == 300 ? 1 : i % 3;
    REQUIRE(run.key == keys[i]);
    CHECK(run.snapshot.has_value() == (kind == 1));
    CHECK(run.rows.size() == kind);
    if (kind == 1) CHECK(run.snapshot->state == keys[i].run_id.ToString());
    if (kind == 2) CHECK(run.rows[0].events == keys[i].run_id.ToString());
  }
}

TEST_CASE("store: asking for nothing is answered with nothing") {
  auto backend = NewBackend();
  TestSession session(backend->store());
  auto runs = session.Await<absl::StatusOr<std::vector<StoredRun>>>(
      [&](Session& s, auto done) { s.LoadRuns({}, std::move(done)); });
  REQUIRE(runs.ok());
  CHECK(runs->empty());
  auto current = session.Await<absl::StatusOr<std::vector<std::optional<Uuid>>>>(
      [&](Session& s, auto done) { s.FindCurrentRuns({}, std::move(done)); });
  REQUIRE(current.ok());
  CHECK(current->empty());
}

TEST_CASE(
    "store: the current run of a workflow id stays so after its close, until a successor takes its place") {
  auto backend = NewBackend();
  TestSession session(backend->store());
  TestWriter writer(session, 1);
  const Uuid space = NewUuid();
  const RunKey first = NewRunKey();
  const RunKey second = NewRunKey();
  writer.Commit(FirstWrite(first, space, kBytes));
  CHECK(session.FindCurrent({1, space, kBytes}) == first.run_id);
  CHECK(session.FindCurrent({1, space, "other"}) == std::nullopt);
  CHECK(session.FindCurrent({1, NewUuid(), kBytes}) == std::nullopt);

  RunWrite close;
  close.key = first;
  close.execution = Execution(space, kBytes);
  close.execution->status = 2;
  close.execution->close_time = At(1100);
  writer.Commit(close);
  CHECK(session.FindCurrent({1, space, kBytes}) == first.run_id);

  RunWrite replaced;
  replaced.key = first;
  replaced.no_longer_current = true;
  // The successor is written first: the place is freed all the same.
  const CommitResult result =
      writer.Try(writer.Next(WriteGroup{{FirstWrite(second, space, kBytes), replaced}}));
  INFO(result.message);
  REQUIRE(result.outcome == CommitOutcome::kCommitted);
  CHECK(session.FindCurrent({1, space, kBytes}) == second.run_id);
  VisibilityQuery all;
  all.namespace_id = space;
  all.page_size = 10;
  CHECK(session.List(all).rows.size() == 2);
}

TEST_CASE("store: a close and its successor change places in one batch by their rows alone") {
  auto backend = NewBackend();
  TestSession session(backend->store());
  TestWriter writer(session, 1);
  const Uuid space = NewUuid();
  const RunKey first = NewRunKey();
  const RunKey second = NewRunKey();
  writer.Commit(FirstWrite(first, space, "id"));
  RunWrite close;
  close.key = first;
  close.execution = Execution(space, "id");
  close.execution->current = false;
  close.execution->close_time = At(1100);
  const CommitResult result = writer.Try(writer.Next(WriteGroup{{FirstWrite(second, space, "id"), close}}));
  INFO(result.message);
  REQUIRE(result.outcome == CommitOutcome::kCommitted);
  CHECK(session.FindCurrent({1, space, "id"}) == second.run_id);
}

TEST_CASE("store: an execution row is replaced whole") {
  auto backend = NewBackend();
  TestSession session(backend->store());
  TestWriter writer(session, 1);
  const Uuid space = NewUuid();
  const RunKey key = NewRunKey();
  writer.Commit(FirstWrite(key, space, "id"));
  RunWrite write;
  write.key = key;
  write.execution = ExecutionRow{space, "id", true,          7, "T\xff", kBytes,       At(1),  At(2), At(3),
                                 At(4), 5,    6'000'000'000, 7, "memo",  "attributes", "extra"};
  writer.Commit(write);
  VisibilityQuery all;
  all.namespace_id = space;
  all.page_size = 10;
  const VisibilityPage page = session.List(all);
  REQUIRE(page.rows.size() == 1);
  CHECK(page.rows[0].key == key);
  CHECK(Equal(page.rows[0].row, *write.execution));
}

TEST_CASE("store: times are kept to the microsecond") {
  auto backend = NewBackend();
  TestSession session(backend->store());
  TestWriter writer(session, 1);
  const Uuid space = NewUuid();
  RunWrite write = FirstWrite(NewRunKey(), space, "id");
  write.execution->start_time = absl::FromUnixNanos(1'700'000'000'123'456'789);
  writer.Commit(write);
  VisibilityQuery all;
  all.namespace_id = space;
  all.page_size = 1;
  CHECK(session.List(all).rows.at(0).row.start_time == absl::FromUnixMicros(1'700'000'000'123'456));
}

TEST_CASE("store: a refused batch leaves nothing behind, and its number is free still") {
  auto backend = NewBackend();
  TestSession session(backend->store());
  TestWriter writer(session, 1, {1});
  const Uuid space = NewUuid();
  writer.Commit(FirstWrite(NewRunKey(), space, "taken"));
  const RunKey innocent = NewRunKey();
  RunWrite write = FirstWrite(innocent, space, "innocent");
  write.snapshot = SnapshotRow{1, 3, "state"};
  write.wakes_added = {At(5)};
  const CommitResult result = writer.Try(writer.Next({write, FirstWrite(NewRunKey(), space, "taken")}));
  CHECK(result.outcome == CommitOutcome::kRefused);
  CHECK_FALSE(result.message.empty());
  CHECK(session.Load(innocent).rows.empty());
  CHECK_FALSE(session.Load(innocent).snapshot.has_value());
  CHECK(session.FindCurrent({1, space, "innocent"}) == std::nullopt);
  CHECK(session.ReadWakes({1, std::nullopt, At(6), 10}).empty());
  writer.Commit(write);
  CHECK(session.Load(innocent).snapshot.has_value());
}

TEST_CASE("store: a history row is never overwritten") {
  auto backend = NewBackend();
  TestSession session(backend->store());
  TestWriter writer(session, 1);
  const RunKey key = NewRunKey();
  writer.Commit(FirstWrite(key, NewUuid(), "id"));
  RunWrite again;
  again.key = key;
  again.history = {Row(1, 1, 2, "another past")};
  CHECK(writer.Try(writer.Next({again})).outcome == CommitOutcome::kRefused);
  CHECK(session.Load(key).rows.at(0).events == "started, task scheduled");
}

TEST_CASE("store: bisection finds the refused runs, and all others land") {
  auto backend = NewBackend();
  TestSession session(backend->store());
  TestWriter writer(session, 1);
  const Uuid space = NewUuid();
  writer.Commit(FirstWrite(NewRunKey(), space, "taken"));
  std::vector<WriteGroup> groups;
  std::vector<RunKey> guilty;
  std::vector<RunKey> innocent;
  for (int i = 0; i < 40; ++i) {
    const bool bad = i == 13 || i == 14 || i == 39;
    const RunKey key = NewRunKey(bad ? 1 : static_cast<ShardId>(1 + i % 2));
    (bad ? guilty : innocent).push_back(key);
    groups.push_back({{FirstWrite(key, space, bad ? "taken" : "id " + std::to_string(i))}});
  }
  CHECK(CommitByBisection(writer, groups) == guilty);
  for (const RunKey& key : innocent) CHECK(session.Load(key).rows.size() == 1);
  for (const RunKey& key : guilty) CHECK(session.Load(key).rows.empty());
}

TEST_CASE("store: a group is refused as a whole") {
  auto backend = NewBackend();
  TestSession session(backend->store());
  TestWriter writer(session, 1);
  const Uuid space = NewUuid();
  writer.Commit(FirstWrite(NewRunKey(), space, "taken"));
  const RunKey innocent = NewRunKey();
  const WriteGroup group{{FirstWrite(innocent, space, "id"), FirstWrite(NewRunKey(), space, "taken")}};
  CHECK(writer.Try(writer.Next(group)).outcome == CommitOutcome::kRefused);
  CHECK(session.Load(innocent).rows.empty());
}

TEST_CASE("store: of a deleted run nothing stays") {
  auto backend = NewBackend();
  TestSession session(backend->store());
  TestWriter writer(session, 1, {1, 2});
  const Uuid space = NewUuid();
  const RunKey key = NewRunKey(1);
  const RunKey neighbour = NewRunKey(2);
  RunWrite write = FirstWrite(key, space, "id");
  write.snapshot = SnapshotRow{1, 3, "state"};
  write.wakes_added = {At(5), At(6)};
  writer.Commit({write, FirstWrite(neighbour, space, "neighbour")});
  RunWrite deletion;
  deletion.key = key;
  deletion.deleted.emplace();
  deletion.wakes_removed = {At(5), At(6)};
  RunWrite missing;
  missing.key = NewRunKey();
  missing.deleted.emplace();
  writer.Commit({deletion, missing});
  CHECK(session.Load(key).rows.empty());
  CHECK_FALSE(session.Load(key).snapshot.has_value());
  CHECK(session.FindCurrent({1, space, "id"}) == std::nullopt);
  CHECK(session.ReadWakes({1, std::nullopt, absl::InfiniteFuture(), 10}).size() == 1);
  VisibilityQuery all;
  all.namespace_id = space;
  CHECK(session.Count(all) == 1);
  CHECK(session.Load(neighbour).rows.size() == 1);
  writer.Commit(FirstWrite(key, space, "id"));  // its place is free
}

TEST_CASE("store: a batch without rows moves the writer forward") {
  auto backend = NewBackend();
  TestSession session(backend->store());
  TestWriter writer(session, 1);
  writer.Commit(std::vector<RunWrite>{});
  CHECK(session.Fence(1).last_batch == 1);
}

TEST_CASE("store: a large batch lands in one piece") {
  auto backend = NewBackend();
  TestSession session(backend->store());
  TestWriter writer(session, 1);
  const Uuid space = NewUuid();
  std::vector<RunWrite> writes;
  for (int i = 0; i < 2000; ++i) {
    writes.push_back(FirstWrite(NewRunKey(static_cast<ShardId>(i)), space, std::to_string(i)));
    writes.back().history[0].events = std::string(2000, static_cast<char>(i));
  }
  writer.Commit(writes);
  VisibilityQuery all;
  all.namespace_id = space;
  CHECK(session.Count(all) == 2000);
  CHECK(session.Load(writes[1234].key).rows.at(0).events == std::string(2000, static_cast<char>(1234)));
}

}  // namespace perdure::persistence::contract
