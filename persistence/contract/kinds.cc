// Entities of several kinds in one store, runs that follow each other, and runs that name others.
#include <algorithm>
#include <catch2/catch.hpp>

#include "persistence/contract/harness.h"

namespace perdure::persistence::contract {
namespace {

constexpr KindNumber kOne = 1;
constexpr KindNumber kTwo = 2;
constexpr KindNumber kLast = 32767;

RunKey KeyOf(KindNumber kind, const Uuid& run_id, ShardId shard = 1) { return {shard, run_id, kind}; }

std::vector<std::string> IdsOf(const VisibilityPage& page) {
  std::vector<std::string> ids;
  for (const VisibilityRow& row : page.rows) ids.push_back(row.row.id);
  std::sort(ids.begin(), ids.end());
  return ids;
}

VisibilityQuery ListOf(const Uuid& space, KindNumber kind, Filter filter = Filter::All({})) {
  VisibilityQuery query;
  query.namespace_id = space;
  query.kind = kind;
  query.filter = std::move(filter);
  query.page_size = 100;
  return query;
}

Filter Is(Column column, Comparison comparison, decltype(Condition::value) value = {}) {
  return Filter::Of({column, comparison, std::move(value)});
}

using Ids = std::vector<std::string>;

}  // namespace

TEST_CASE("store: kinds share neither ids nor runs, even where both are the same") {
  auto backend = NewBackend();
  TestSession session(backend->store());
  TestWriter writer(session, 1, {1});
  const Uuid space = NewUuid();
  const Uuid run_id = NewUuid();
  std::vector<RunWrite> writes;
  for (const KindNumber kind : {kOne, kTwo, kLast}) {
    RunWrite write = FirstWrite(KeyOf(kind, run_id), space, "id");
    write.history = {Row(1, 1, 2, "of " + std::to_string(kind))};
    write.snapshot = SnapshotRow{1, 3, "state of " + std::to_string(kind)};
    writes.push_back(std::move(write));
  }
  writer.Commit(writes);
  for (const KindNumber kind : {kOne, kTwo, kLast}) {
    CHECK(session.FindCurrent({1, space, "id", kind}) == run_id);
    const StoredRun run = session.Load(KeyOf(kind, run_id));
    CHECK(run.found == StoredRun::Found::kRun);
    REQUIRE(run.snapshot.has_value());
    CHECK(run.snapshot->state == "state of " + std::to_string(kind));
    const auto rows = session.ReadHistory({KeyOf(kind, run_id), 1, 3, 100, false});
    REQUIRE(rows.size() == 1);
    CHECK(rows[0].events == "of " + std::to_string(kind));
    CHECK(backend->CountHistoryRows(KeyOf(kind, run_id)) == 1);
  }
  CHECK(session.FindCurrent({1, space, "id", 3}) == std::nullopt);
  CHECK(session.Load(KeyOf(3, run_id)).found == StoredRun::Found::kNothing);

  RunWrite deletion;
  deletion.key = KeyOf(kTwo, run_id);
  deletion.deleted.emplace();
  deletion.wakes_removed = {At(1010)};
  writer.Commit(deletion);
  CHECK(session.Load(KeyOf(kTwo, run_id)).found == StoredRun::Found::kNothing);
  CHECK(session.FindCurrent({1, space, "id", kTwo}) == std::nullopt);
  CHECK(backend->CountHistoryRows(KeyOf(kTwo, run_id)) == 0);
  for (const KindNumber kind : {kOne, kLast}) {
    CHECK(session.Load(KeyOf(kind, run_id)).found == StoredRun::Found::kRun);
    CHECK(session.FindCurrent({1, space, "id", kind}) == run_id);
  }
}

TEST_CASE("store: the events of one kind's run are compacted and read without those of another's") {
  auto backend = NewBackend();
  TestSession session(backend->store());
  TestWriter writer(session, 1);
  const Uuid run_id = NewUuid();
  for (const KindNumber kind : {kOne, kTwo}) {
    RunWrite write = FirstWrite(KeyOf(kind, run_id), NewUuid(), "id");
    write.history = {Row(1, 1, 2, "a"), Row(2, 3, 0, ""), Row(3, 3, 0, "")};
    writer.Commit(write);
  }
  RunWrite snapshot;
  snapshot.key = KeyOf(kTwo, run_id);
  snapshot.snapshot = SnapshotRow{3, 3, "state"};
  writer.Commit(snapshot);
  CHECK(backend->CountHistoryRows(KeyOf(kOne, run_id)) == 3);
  CHECK(backend->CountHistoryRows(KeyOf(kTwo, run_id)) == 1);
  CHECK(session.Load(KeyOf(kOne, run_id)).rows.size() == 3);
}

TEST_CASE("store: a list or count shows one kind") {
  auto backend = NewBackend();
  TestSession session(backend->store());
  TestWriter writer(session, 1);
  const Uuid space = NewUuid();
  std::vector<RunWrite> writes;
  for (int i = 0; i < 12; ++i) {
    const KindNumber kind = i % 3 == 0 ? kTwo : kOne;
    const RunKey key = KeyOf(kind, NewUuid(), static_cast<ShardId>(i));
    writes.push_back(FirstWrite(key, space, std::to_string(i)));
    if (i >= 6) writes.back().execution->close_time = At(1100 + i);
    if (i >= 6) writes.back().execution->status = 2;
  }
  writer.Commit(writes);
  CHECK(IdsOf(session.List(ListOf(space, kTwo))) == Ids{"0", "3", "6", "9"});
  CHECK(IdsOf(session.List(ListOf(space, kOne))) == Ids{"1", "10", "11", "2", "4", "5", "7", "8"});
  CHECK(session.List(ListOf(space, kLast)).rows.empty());
  for (const VisibilityRow& row : session.List(ListOf(space, kTwo)).rows) CHECK(row.key.kind == kTwo);
  CHECK(session.Count(ListOf(space, kTwo)) == 4);
  CHECK(session.Count(ListOf(space, kTwo, Is(Column::kId, Comparison::kEqual, "1"))) == 0);

  VisibilityQuery paged = ListOf(space, kTwo);
  paged.page_size = 1;
  Ids found;
  for (bool more = true; more;) {
    const VisibilityPage page = session.List(paged);
    more = page.more;
    for (const VisibilityRow& row : page.rows) {
      found.push_back(row.row.id);
      paged.after = ListCursor{row.row.close_time, row.row.start_time, row.key.run_id};
    }
  }
  CHECK(found.size() == 4);

  VisibilityQuery grouped = ListOf(space, kTwo);
  grouped.group_by_status = true;
  const auto groups = session.Await<absl::StatusOr<std::vector<CountGroup>>>(
      [&](Session& in, auto done) { in.CountExecutions(grouped, std::move(done)); });
  REQUIRE(groups.ok());
  REQUIRE(groups->size() == 2);
  for (const CountGroup& group : *groups) CHECK(group.count == 2);
}

TEST_CASE("store: wakes carry the kind, and are read by shard, kind and run") {
  auto backend = NewBackend();
  TestSession session(backend->store());
  TestWriter writer(session, 1, {1, 2});
  std::vector<WakeRow> expected;
  const Uuid run_id = NewUuid();
  for (const KindNumber kind : {kLast, kOne, kTwo}) {
    for (const ShardId shard : {1U, 2U}) {
      for (const Uuid& run : {run_id, NewUuid()}) {
        RunWrite write;
        write.key = KeyOf(kind, run, shard);
        write.wakes_added = {At(7)};
        writer.Commit(write);
        expected.push_back({At(7), write.key});
      }
    }
  }
  std::sort(expected.begin(), expected.end());
  CHECK(session.ReadWakes({1, std::nullopt, absl::InfiniteFuture(), 100}) == expected);
  std::vector<WakeRow> paged;
  for (std::optional<WakeRow> after;;) {
    const auto page = session.ReadWakes({1, after, absl::InfiniteFuture(), 2});
    if (page.empty()) break;
    paged.insert(paged.end(), page.begin(), page.end());
    after = page.back();
  }
  CHECK(paged == expected);

  RunWrite removal;
  removal.key = KeyOf(kTwo, run_id, 1);
  removal.wakes_removed = {At(7)};
  writer.Commit(removal);
  std::erase_if(expected, [&](const WakeRow& wake) { return wake.run == removal.key; });
  CHECK(session.ReadWakes({1, std::nullopt, absl::InfiniteFuture(), 100}) == expected);
}

TEST_CASE("store: a load tells whether the run holds its id, also of one that is due") {
  auto backend = NewBackend();
  TestSession session(backend->store());
  TestWriter writer(session, 1);
  const Uuid space = NewUuid();
  const RunKey first = NewRunKey();
  const RunKey next = NewRunKey();
  writer.Commit(FirstWrite(first, space, "id"));
  CHECK(session.Load(first).current);
  RunWrite close;
  close.key = first;
  close.execution = Execution(space, "id");
  close.execution->current = false;
  close.execution->close_time = At(1100);
  close.execution->delete_at = At(1200);
  REQUIRE(writer.Try(writer.Next(WriteGroup{{close, FirstWrite(next, space, "id")}})).outcome ==
          CommitOutcome::kCommitted);
  CHECK_FALSE(session.Load(first).current);
  CHECK(session.Load(next).current);
  CHECK_FALSE(session.Load(NewRunKey()).current);
  LoadQuery query;
  query.keys = {first, next};
  query.due_by = At(1200);
  const auto runs = session.Await<absl::StatusOr<std::vector<StoredRun>>>(
      [&](Session& in, auto done) { in.LoadRuns(query, std::move(done)); });
  REQUIRE(runs.ok());
  CHECK((*runs)[0].found == StoredRun::Found::kDue);
  CHECK_FALSE((*runs)[0].current);
  CHECK((*runs)[1].found == StoredRun::Found::kRun);
  CHECK((*runs)[1].current);
}

TEST_CASE("store: a chain of next runs, each committed with the end of the one before, has one current run") {
  auto backend = NewBackend();
  TestSession session(backend->store());
  TestWriter writer(session, 1);
  const Uuid space = NewUuid();
  std::vector<RunKey> chain = {NewRunKey()};
  writer.Commit(FirstWrite(chain.back(), space, "id"));
  for (int i = 0; i < 5; ++i) {
    RunWrite end;
    end.key = chain.back();
    end.history = {Row(2, 3, 1, "continued as new")};
    end.execution = Execution(space, "id");
    end.execution->current = false;
    end.execution->status = 6;
    end.execution->close_time = At(1100 + i);
    end.wakes_removed = {At(1010)};
    chain.push_back(NewRunKey());
    REQUIRE(writer.Try(writer.Next(WriteGroup{{end, FirstWrite(chain.back(), space, "id")}})).outcome ==
            CommitOutcome::kCommitted);
    CHECK(session.FindCurrent({1, space, "id"}) == chain.back().run_id);
  }
  int current = 0;
  for (const RunKey& key : chain) current += session.Load(key).current ? 1 : 0;
  CHECK(current == 1);
  CHECK(session.Count(ListOf(space, kOne, Is(Column::kCloseTime, Comparison::kIsNull))) == 1);
  CHECK(session.Count(ListOf(space, kOne)) == 6);
}

TEST_CASE("store: a group of three, of which the new run takes the id, lands as a whole or not at all") {
  auto backend = NewBackend();
  TestSession session(backend->store());
  TestWriter writer(session, 1);
  const Uuid space = NewUuid();
  const RunKey base = NewRunKey();
  const RunKey current = NewRunKey();
  const RunKey next = NewRunKey();
  RunWrite closed = FirstWrite(base, space, "id");
  closed.execution->current = false;
  closed.execution->close_time = At(1050);
  writer.Commit({closed, FirstWrite(current, space, "id")});

  RunWrite noted;
  noted.key = base;
  noted.history = {Row(2, 3, 0, "")};
  RunWrite ended;
  ended.key = current;
  ended.history = {Row(2, 3, 1, "terminated")};
  ended.execution = Execution(space, "id");
  ended.execution->current = false;
  ended.execution->close_time = At(1100);
  const RunWrite taken = FirstWrite(next, space, "id");

  RunWrite bad = noted;
  bad.history = {Row(1, 1, 2, "another past")};
  CHECK(writer.Try(writer.Next(WriteGroup{{bad, ended, taken}})).outcome == CommitOutcome::kRefused);
  CHECK(session.FindCurrent({1, space, "id"}) == current.run_id);
  CHECK(session.Load(current).rows.size() == 1);
  CHECK(session.Load(next).found == StoredRun::Found::kNothing);

  REQUIRE(writer.Try(writer.Next(WriteGroup{{taken, ended, noted}})).outcome == CommitOutcome::kCommitted);
  CHECK(session.FindCurrent({1, space, "id"}) == next.run_id);
  CHECK(session.Load(base).rows.size() == 2);
  CHECK(session.Load(current).rows.size() == 2);
  CHECK_FALSE(session.Load(current).current);
}

TEST_CASE("store: a closed run whose delete_at is set by a later commit is due from then on") {
  auto backend = NewBackend();
  TestSession session(backend->store());
  TestWriter writer(session, 1);
  const Uuid space = NewUuid();
  const RunKey key = NewRunKey();
  writer.Commit(FirstWrite(key, space, "id"));
  RunWrite write;
  write.key = key;
  write.execution = Execution(space, "id");
  write.execution->close_time = At(1100);
  writer.Commit(write);
  const auto found = [&](absl::Time due_by) {
    LoadQuery query;
    query.keys = {key};
    query.due_by = due_by;
    const auto runs = session.Await<absl::StatusOr<std::vector<StoredRun>>>(
        [&](Session& in, auto done) { in.LoadRuns(query, std::move(done)); });
    REQUIRE(runs.ok());
    return runs->front().found;
  };
  CHECK(found(At(1'000'000)) == StoredRun::Found::kRun);  // it owes something, whatever its age
  CHECK(session.Load(key).delete_at == std::nullopt);
  write.execution->delete_at = At(2000);
  writer.Commit(write);
  CHECK(session.Load(key).delete_at == At(2000));
  CHECK(found(At(1999)) == StoredRun::Found::kRun);
  CHECK(found(At(2000)) == StoredRun::Found::kDue);
}

TEST_CASE("store: parents and roots are kept, compared, and null where there is none") {
  auto backend = NewBackend();
  TestSession session(backend->store());
  TestWriter writer(session, 1);
  const Uuid space = NewUuid();
  const RunKey root = NewRunKey();
  const RunKey child = NewRunKey(2);
  const RunKey grandchild = NewRunKey(3);
  std::vector<RunWrite> writes = {FirstWrite(root, space, "root"), FirstWrite(child, space, "child"),
                                  FirstWrite(grandchild, space, "grandchild")};
  writes[1].execution->parent = NamedRun{"root", root.run_id};
  writes[1].execution->root = NamedRun{"root", root.run_id};
  writes[2].execution->parent = NamedRun{"child", child.run_id};
  writes[2].execution->root = NamedRun{"root", root.run_id};
  writer.Commit(writes);
  const auto list = [&](Column column, Comparison comparison, decltype(Condition::value) value = {}) {
    const VisibilityQuery query = ListOf(space, kOne, Is(column, comparison, std::move(value)));
    VisibilityPage page = session.List(query);
    CHECK(session.Count(query) == static_cast<int64_t>(page.rows.size()));
    return IdsOf(page);
  };
  CHECK(list(Column::kParentId, Comparison::kEqual, "root") == Ids{"child"});
  CHECK(list(Column::kParentId, Comparison::kNotEqual, "root") == Ids{"grandchild"});
  CHECK(list(Column::kParentId, Comparison::kStartsWith, "") == Ids{"child", "grandchild"});
  CHECK(list(Column::kParentId, Comparison::kNotStartsWith, "r") == Ids{"grandchild"});
  CHECK(list(Column::kParentId, Comparison::kIsNull) == Ids{"root"});
  CHECK(list(Column::kParentId, Comparison::kIsNotNull) == Ids{"child", "grandchild"});
  CHECK(list(Column::kParentRun, Comparison::kEqual, child.run_id) == Ids{"grandchild"});
  CHECK(list(Column::kParentRun, Comparison::kNotEqual, child.run_id) == Ids{"child"});
  CHECK(list(Column::kParentRun, Comparison::kIsNull) == Ids{"root"});
  CHECK(list(Column::kRootId, Comparison::kEqual, "root") == Ids{"child", "grandchild", "root"});
  CHECK(list(Column::kRootId, Comparison::kEqual, "child").empty());
  CHECK(list(Column::kRootId, Comparison::kIsNull).empty());
  CHECK(list(Column::kRootRun, Comparison::kEqual, root.run_id) == Ids{"child", "grandchild", "root"});
  CHECK(list(Column::kRootRun, Comparison::kNotEqual, root.run_id).empty());
  CHECK(list(Column::kRootRun, Comparison::kIsNotNull).size() == 3);
  const Filter either = Filter::Any({Is(Column::kParentId, Comparison::kEqual, "root"),
                                     Is(Column::kParentId, Comparison::kEqual, "child")});
  CHECK(IdsOf(session.List(ListOf(space, kOne, either))) == Ids{"child", "grandchild"});

  RunWrite close;
  close.key = child;
  close.execution = writes[1].execution;
  close.execution->close_time = At(1100);
  writer.Commit(close);
  const VisibilityPage page =
      session.List(ListOf(space, kOne, Is(Column::kParentRun, Comparison::kEqual, root.run_id)));
  REQUIRE(page.rows.size() == 1);
  CHECK(Equal(page.rows[0].row, *close.execution));
}

}  // namespace perdure::persistence::contract
