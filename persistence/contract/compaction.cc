// Rows without events go with the snapshot that covers them; all others stay, and reading does not notice.
#include <catch2/catch.hpp>

#include "persistence/contract/harness.h"

namespace perdure::persistence::contract {
namespace {

HistoryRow NoEvents(int64_t sequence, int64_t next_event_id) { return Row(sequence, next_event_id, 0, ""); }

struct Heartbeating {
  Heartbeating() : backend(NewBackend()), session(backend->store()), writer(session, 1) {
    writer.Commit(FirstWrite(key, space, "id"));  // row 1: events 1 and 2
  }

  void Append(std::vector<HistoryRow> rows, std::optional<SnapshotRow> snapshot = std::nullopt) {
    RunWrite write;
    write.key = key;
    write.history = std::move(rows);
    write.snapshot = std::move(snapshot);
    writer.Commit(write);
  }
  int64_t StoredRows() { return backend->CountHistoryRows(key); }
  std::vector<int64_t> Loaded() { return SequencesOf(session.Load(key).rows); }
  std::vector<int64_t> WithEvents(int64_t from, int64_t to, bool reverse = false) {
    return SequencesOf(session.ReadHistory({key, from, to, 1000, reverse}));
  }

  std::unique_ptr<Backend> backend;
  TestSession session;
  TestWriter writer;
  Uuid space = NewUuid();
  RunKey key = NewRunKey();
};

}  // namespace

TEST_CASE("store: rows without events go with the snapshot that covers them") {
  Heartbeating run;
  run.Append({NoEvents(2, 3), NoEvents(3, 3), Row(4, 3, 2, "two events"), NoEvents(5, 5), NoEvents(6, 5)});
  CHECK(run.StoredRows() == 6);
  run.Append({}, SnapshotRow{5, 5, "as of row 5"});
  CHECK(run.StoredRows() == 3);  // 1, 4 and 6
  CHECK(run.Loaded() == Sequences{6});
  run.Append({Row(7, 5, 1, "an event"), NoEvents(8, 6)});
  CHECK(run.Loaded() == Sequences{6, 7, 8});
  run.Append({NoEvents(9, 6)}, SnapshotRow{8, 6, "as of row 8"});
  CHECK(run.StoredRows() == 4);  // 1, 4, 7 and 9
  CHECK(run.Loaded() == Sequences{9});
  // What is left is whole: each event is there, in order, from both ends.
  CHECK(run.WithEvents(1, 100) == Sequences{1, 4, 7});
  CHECK(run.WithEvents(1, 100, true) == Sequences{7, 4, 1});
  CHECK(run.WithEvents(4, 5) == Sequences{4});
  CHECK(run.WithEvents(5, 6) == Sequences{7});
}

TEST_CASE("store: a row that its own batch's snapshot covers does not stay, unless it has events") {
  Heartbeating run;
  run.Append({NoEvents(2, 3), Row(3, 3, 1, "an event"), NoEvents(4, 4), NoEvents(5, 4)},
             SnapshotRow{4, 4, "as of row 4"});
  CHECK(run.StoredRows() == 3);  // 1, 3 and 5
  CHECK(run.Loaded() == Sequences{5});
  run.Append({NoEvents(6, 4)}, SnapshotRow{6, 4, "as of row 6"});
  CHECK(run.StoredRows() == 2);
  CHECK(run.Loaded().empty());
  run.Append({Row(7, 4, 1, "goes on")});
  CHECK(run.Loaded() == Sequences{7});
  CHECK(run.WithEvents(1, 100) == Sequences{1, 3, 7});
}

TEST_CASE("store: the rows of other runs stay when one gets a snapshot") {
  Heartbeating run;
  const RunKey other = NewRunKey();
  RunWrite neighbour = FirstWrite(other, run.space, "other");
  neighbour.history.push_back(NoEvents(2, 3));
  RunWrite write;
  write.key = run.key;
  write.history = {NoEvents(2, 3)};
  write.snapshot = SnapshotRow{2, 3, "as of row 2"};
  run.writer.Commit({neighbour, write});
  CHECK(run.StoredRows() == 1);
  CHECK(run.backend->CountHistoryRows(other) == 2);
}

TEST_CASE("store: thousands of rows without events come to none") {
  Heartbeating run;
  int64_t sequence = 1;
  for (int snapshots = 0; snapshots < 4; ++snapshots) {
    std::vector<HistoryRow> rows;
    for (int i = 0; i < 1500; ++i) rows.push_back(NoEvents(++sequence, 3));
    run.Append(std::move(rows));
    run.Append({}, SnapshotRow{sequence, 3, "all so far"});
    CHECK(run.StoredRows() == 1);
  }
  CHECK(run.session.Load(run.key).snapshot->sequence == sequence);
}

TEST_CASE("store: a run that never had an event goes on after a snapshot has taken all its rows") {
  Heartbeating run;
  run.key = NewRunKey();
  RunWrite first = FirstWrite(run.key, run.space, "without events");
  first.history = {NoEvents(1, 1), NoEvents(2, 1)};
  first.snapshot = SnapshotRow{2, 1, "as of row 2"};
  run.writer.Commit(first);
  CHECK(run.StoredRows() == 0);
  run.Append({NoEvents(3, 1)});
  CHECK(run.Loaded() == Sequences{3});
  run.Append({}, SnapshotRow{3, 1, "as of row 3"});
  run.Append({NoEvents(4, 1)}, SnapshotRow{4, 1, "as of row 4"});
  CHECK(run.StoredRows() == 0);
  CHECK(run.session.Load(run.key).snapshot->sequence == 4);
}

TEST_CASE("store: a refused snapshot leaves the rows that it covers") {
  Heartbeating run;
  run.writer.Commit(FirstWrite(NewRunKey(), run.space, "taken"));
  run.Append({NoEvents(2, 3), NoEvents(3, 3)});
  RunWrite write;
  write.key = run.key;
  write.snapshot = SnapshotRow{3, 3, "all"};
  const WriteGroup group{{write, FirstWrite(NewRunKey(), run.space, "taken")}};
  CHECK(run.writer.Try(run.writer.Next(group)).outcome == CommitOutcome::kRefused);
  CHECK(run.StoredRows() == 3);
  CHECK(run.Loaded() == Sequences{1, 2, 3});
}

}  // namespace perdure::persistence::contract
