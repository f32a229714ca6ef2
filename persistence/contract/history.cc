#include <catch2/catch.hpp>

#include "persistence/contract/harness.h"

namespace perdure::persistence::contract {
namespace {

struct Written {
  Written() : backend(NewBackend()), session(backend->store()), writer(session, 1) {}

  void Append(std::vector<HistoryRow> rows) {
    RunWrite write;
    write.key = key;
    write.history = std::move(rows);
    write.execution = Execution(space, "id");
    writer.Commit(write);
  }

  std::vector<int64_t> Range(int64_t from, int64_t to, size_t max_bytes, bool reverse = false) {
    return SequencesOf(session.ReadHistory({key, from, to, max_bytes, reverse}));
  }

  std::unique_ptr<Backend> backend;
  TestSession session;
  TestWriter writer;
  Uuid space = NewUuid();
  RunKey key = NewRunKey();
};

}  // namespace

TEST_CASE("store: a range of a history is the rows that hold one of its events") {
  Written run;
  // Events 1-3, 4, none, 5-9, none, 10.
  run.Append({Row(1, 1, 3, "aaa"), Row(2, 4, 1, "b"), Row(3, 5, 0, ""), Row(4, 5, 5, "ccccc"),
              Row(5, 10, 0, ""), Row(6, 10, 1, "d")});
  CHECK(run.Range(1, 11, 1000) == Sequences{1, 2, 4, 6});
  CHECK(run.Range(1, 100, 1000) == Sequences{1, 2, 4, 6});
  CHECK(run.Range(2, 4, 1000) == Sequences{1});
  CHECK(run.Range(3, 5, 1000) == Sequences{1, 2});
  CHECK(run.Range(4, 5, 1000) == Sequences{2});
  CHECK(run.Range(7, 8, 1000) == Sequences{4});
  CHECK(run.Range(9, 11, 1000) == Sequences{4, 6});
  CHECK(run.Range(10, 11, 1000) == Sequences{6});
  CHECK(run.Range(11, 20, 1000).empty());
  CHECK(run.Range(5, 5, 1000).empty());
  CHECK(run.session.ReadHistory({NewRunKey(), 1, 100, 1000, false}).empty());
  const HistoryRow row = run.session.ReadHistory({run.key, 7, 8, 1000, false}).at(0);
  CHECK(Equal(row, Row(4, 5, 5, "ccccc")));
}

TEST_CASE("store: a range of a history can be read from its end") {
  Written run;
  run.Append(
      {Row(1, 1, 3, "aaa"), Row(2, 4, 1, "b"), Row(3, 5, 0, ""), Row(4, 5, 5, "ccccc"), Row(5, 10, 1, "d")});
  CHECK(run.Range(1, 100, 1000, true) == Sequences{5, 4, 2, 1});
  CHECK(run.Range(2, 8, 1000, true) == Sequences{4, 2, 1});
  CHECK(run.Range(4, 5, 1000, true) == Sequences{2});
  CHECK(run.Range(1, 100, 6, true) == Sequences{5, 4});
  CHECK(run.Range(1, 100, 1, true) == Sequences{5});
}

TEST_CASE("store: a page of history ends where its bytes are reached, and has one row at least") {
  Written run;
  run.Append({Row(1, 1, 1, std::string(100, 'a')), Row(2, 2, 1, std::string(100, 'b')),
              Row(3, 3, 1, std::string(100, 'c')), Row(4, 4, 1, std::string(100, 'd'))});
  CHECK(run.Range(1, 5, 0) == Sequences{1});
  CHECK(run.Range(1, 5, 1) == Sequences{1});
  CHECK(run.Range(1, 5, 100) == Sequences{1});
  CHECK(run.Range(1, 5, 101) == Sequences{1, 2});
  CHECK(run.Range(2, 5, 201) == Sequences{2, 3, 4});
  CHECK(run.Range(1, 4, 1000) == Sequences{1, 2, 3});
}

TEST_CASE("store: a long history is read to its end, and from anywhere in it") {
  Written run;
  std::vector<HistoryRow> rows;
  int64_t next_event = 1;
  for (int64_t sequence = 1; sequence <= 3000; ++sequence) {
    const int32_t events = static_cast<int32_t>(sequence % 3);
    rows.push_back(Row(sequence, next_event, events, std::string(static_cast<size_t>(events), 'e')));
    next_event += events;
  }
  run.Append(rows);
  const auto all = run.Range(1, next_event, 1 << 20);
  CHECK(all.size() == 2000);
  CHECK(run.Range(1, next_event, 1 << 20, true) == Sequences(all.rbegin(), all.rend()));
  const auto tail = run.Range(next_event - 1, next_event, 1 << 20);
  CHECK(tail == Sequences{2999});
  CHECK(run.session.Load(run.key).rows.size() == 3000);
}

}  // namespace perdure::persistence::contract
