#include <algorithm>
#include <catch2/catch.hpp>

#include "persistence/contract/harness.h"

namespace perdure::persistence::contract {
namespace {

using StatusCounts = std::vector<std::pair<int32_t, int64_t>>;

struct Listed {
  Listed() : backend(NewBackend()), session(backend->store()), writer(session, 1) {}

  Uuid Add(std::string id, int64_t start, std::optional<int64_t> close, int32_t status = 1,
           std::string type = "type") {
    RunWrite write = FirstWrite(NewRunKey(static_cast<ShardId>(writes.size())), space, std::move(id));
    write.execution->start_time = At(start);
    if (close) write.execution->close_time = At(*close);
    write.execution->status = status;
    write.execution->type = std::move(type);
    writes.push_back(write);
    return write.key.run_id;
  }
  void Commit() { writer.Commit(writes); }

  std::vector<std::string> Ids(std::vector<Filter> conditions, size_t page_size = 100,
                               std::optional<ShardId> shard = std::nullopt) {
    VisibilityQuery query;
    query.namespace_id = space;
    query.filter = Filter::All(std::move(conditions));
    query.shard = shard;
    query.page_size = page_size;
    std::vector<std::string> ids;
    for (;;) {
      const VisibilityPage page = session.List(query);
      CHECK(page.rows.size() <= page_size);
      for (const VisibilityRow& row : page.rows) ids.push_back(row.row.id);
      if (!page.more) break;
      REQUIRE_FALSE(page.rows.empty());
      const VisibilityRow& last = page.rows.back();
      query.after = ListCursor{last.row.close_time, last.row.start_time, last.key.run_id};
    }
    CHECK(session.Count(query) == static_cast<int64_t>(ids.size()));
    return ids;
  }

  VisibilityQuery Everything() const {
    VisibilityQuery query;
    query.namespace_id = space;
    return query;
  }

  StatusCounts Groups(Filter filter = Filter::All({})) {
    VisibilityQuery query = Everything();
    query.filter = std::move(filter);
    query.group_by_status = true;
    auto groups = session.Await<absl::StatusOr<std::vector<CountGroup>>>(
        [&](Session& in, auto done) { in.CountExecutions(query, std::move(done)); });
    StatusCounts counts;
    CHECK(groups.ok());
    if (groups.ok()) {
      for (const CountGroup& group : *groups) counts.emplace_back(group.status, group.count);
    }
    return counts;
  }

  std::vector<std::string> Sorted(std::vector<Filter> conditions) {
    auto ids = Ids(std::move(conditions));
    std::sort(ids.begin(), ids.end());
    return ids;
  }

  std::unique_ptr<Backend> backend;
  TestSession session;
  TestWriter writer;
  Uuid space = NewUuid();
  std::vector<RunWrite> writes;
};

using Ids = std::vector<std::string>;

Filter Is(Column column, Comparison comparison, decltype(Condition::value) value) {
  return Filter::Of({column, comparison, std::move(value)});
}

}  // namespace

TEST_CASE("store: lists show open runs first, then the newest closed, whatever the page size") {
  Listed runs;
  runs.Add("closed early", 100, 200);
  runs.Add("closed late", 90, 300);
  runs.Add("open old", 50, std::nullopt);
  runs.Add("open new", 150, std::nullopt);
  runs.Add("closed late, started later", 95, 300);
  runs.Commit();
  const Ids expected{"open new", "open old", "closed late, started later", "closed late", "closed early"};
  for (const size_t page_size : {1, 2, 3, 5, 100}) CHECK(runs.Ids({}, page_size) == expected);
}

TEST_CASE(
    "store: runs of the same times are listed by run id, highest first, and none is lost between pages") {
  Listed runs;
  std::vector<std::pair<Uuid, std::string>> order;
  for (int i = 0; i < 20; ++i) {
    const std::string id = std::to_string(i);
    order.emplace_back(runs.Add(id, 100, i < 10 ? std::optional<int64_t>(200) : std::nullopt), id);
  }
  runs.Commit();
  auto half = order.begin() + 10;
  std::sort(order.begin(), half, std::greater<>());
  std::sort(half, order.end(), std::greater<>());
  std::rotate(order.begin(), half, order.end());
  Ids expected;
  for (const auto& [run, id] : order) expected.push_back(id);
  CHECK(runs.Ids({}, 3) == expected);
  CHECK(runs.Ids({}, 20) == expected);
}

TEST_CASE("store: a page says whether there may be more") {
  Listed runs;
  runs.Add("a", 1, std::nullopt);
  runs.Add("b", 2, std::nullopt);
  runs.Commit();
  VisibilityQuery query;
  query.namespace_id = runs.space;
  query.page_size = 1;
  CHECK(runs.session.List(query).more);
  query.page_size = 3;
  CHECK_FALSE(runs.session.List(query).more);
}

TEST_CASE("store: a page ends at its bytes, holds one row at least, and none is lost between pages") {
  Listed runs;
  for (int i = 0; i < 12; ++i) {
    runs.Add(std::to_string(i), 100 - i, std::nullopt);
    runs.writes.back().execution->memo = std::string(i == 7 ? 5000 : 900, 'm');
  }
  runs.Commit();
  VisibilityQuery query = runs.Everything();
  query.page_size = 100;
  query.max_bytes = 4000;
  Ids ids;
  std::vector<size_t> sizes;
  for (bool more = true; more;) {
    const VisibilityPage page = runs.session.List(query);
    REQUIRE_FALSE(page.rows.empty());
    size_t weight = 0;
    for (const VisibilityRow& row : page.rows) {
      ids.push_back(row.row.id);
      weight += ListWeight(row.row);
    }
    CHECK((page.rows.size() == 1 || weight <= query.max_bytes));
    sizes.push_back(page.rows.size());
    const VisibilityRow& last = page.rows.back();
    query.after = ListCursor{last.row.close_time, last.row.start_time, last.key.run_id};
    more = page.more;
  }
  CHECK(ids == Ids{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11"});
  CHECK(sizes == std::vector<size_t>{3, 3, 1, 1, 3, 1});
  query.after = std::nullopt;
  query.page_size = 2;
  CHECK(runs.session.List(query).rows.size() == 2);
}

TEST_CASE("store: a list sees one namespace") {
  Listed runs;
  runs.Add("mine", 1, std::nullopt);
  runs.Commit();
  runs.writer.Commit(
      {FirstWrite(NewRunKey(), NewUuid(), "another's"), FirstWrite(NewRunKey(), Uuid{}, "another's")});
  CHECK(runs.Ids({}) == Ids{"mine"});
}

TEST_CASE("store: text is compared by its bytes") {
  Listed runs;
  for (const char* id : {"a", "ab", "abc", "b", "B", "\xc3\xa9", "\xff", "\xff\xff", ""})
    runs.Add(id, 1, std::nullopt);
  runs.Commit();
  auto ids = [&](Comparison comparison, std::string value) {
    return runs.Sorted({Is(Column::kId, comparison, std::move(value))});
  };
  CHECK(ids(Comparison::kEqual, "ab") == Ids{"ab"});
  CHECK(ids(Comparison::kEqual, std::string("a\0", 2)).empty());
  CHECK(ids(Comparison::kNotEqual, "ab").size() == 8);
  CHECK(ids(Comparison::kLess, "ab") == Ids{"", "B", "a"});
  CHECK(ids(Comparison::kLessOrEqual, "ab") == Ids{"", "B", "a", "ab"});
  CHECK(ids(Comparison::kGreater, "b") == Ids{"\xc3\xa9", "\xff", "\xff\xff"});
  CHECK(ids(Comparison::kGreaterOrEqual, "b") == Ids{"b", "\xc3\xa9", "\xff", "\xff\xff"});
  CHECK(ids(Comparison::kStartsWith, "ab") == Ids{"ab", "abc"});
  CHECK(ids(Comparison::kStartsWith, "\xff") == Ids{"\xff", "\xff\xff"});
  CHECK(ids(Comparison::kStartsWith, "\xc3") == Ids{"\xc3\xa9"});
  CHECK(ids(Comparison::kStartsWith, "").size() == 9);
  CHECK(ids(Comparison::kStartsWith, "%").empty());
  CHECK(ids(Comparison::kNotStartsWith, "a") == Ids{"", "B", "b", "\xc3\xa9", "\xff", "\xff\xff"});
  CHECK(ids(Comparison::kNotStartsWith, "\xff").size() == 7);
  CHECK(ids(Comparison::kNotStartsWith, "").empty());
}

TEST_CASE("store: type, status and run id are compared") {
  Listed runs;
  const Uuid a = runs.Add("a", 1, std::nullopt, 1, "T1");
  runs.Add("b", 1, 2, 2, "T1");
  runs.Add("c", 1, 2, 3, "T2");
  runs.Commit();
  CHECK(runs.Sorted({Is(Column::kType, Comparison::kEqual, "T1")}) == Ids{"a", "b"});
  CHECK(runs.Sorted({Is(Column::kType, Comparison::kStartsWith, "T")}) == Ids{"a", "b", "c"});
  CHECK(runs.Sorted({Is(Column::kStatus, Comparison::kEqual, int64_t{2})}) == Ids{"b"});
  CHECK(runs.Sorted({Is(Column::kStatus, Comparison::kNotEqual, int64_t{1})}) == Ids{"b", "c"});
  CHECK(runs.Sorted({Is(Column::kStatus, Comparison::kEqual, int64_t{1} << 40)}).empty());
  CHECK(runs.Sorted({Is(Column::kRunId, Comparison::kEqual, a)}) == Ids{"a"});
  CHECK(runs.Sorted({Is(Column::kRunId, Comparison::kNotEqual, a)}) == Ids{"b", "c"});
  CHECK(runs.Sorted({Is(Column::kRunId, Comparison::kLessOrEqual, a)}).size() >= 1);
  CHECK(runs.Sorted({Is(Column::kType, Comparison::kEqual, "T1"),
                     Is(Column::kStatus, Comparison::kEqual, int64_t{2}),
                     Is(Column::kId, Comparison::kEqual, "b")}) == Ids{"b"});
}

TEST_CASE("store: a run that is open satisfies no comparison of its close time") {
  Listed runs;
  runs.Add("open", 100, std::nullopt);
  runs.Add("closed", 100, 200);
  runs.Add("closed later", 150, 300);
  runs.Commit();
  auto closed = [&](Comparison comparison, absl::Time value) {
    return runs.Sorted({Is(Column::kCloseTime, comparison, value)});
  };
  CHECK(closed(Comparison::kEqual, At(200)) == Ids{"closed"});
  CHECK(closed(Comparison::kNotEqual, At(200)) == Ids{"closed later"});
  CHECK(closed(Comparison::kGreater, At(200)) == Ids{"closed later"});
  CHECK(closed(Comparison::kGreaterOrEqual, At(200)) == Ids{"closed", "closed later"});
  CHECK(closed(Comparison::kLess, At(300)) == Ids{"closed"});
  CHECK(closed(Comparison::kLessOrEqual, absl::InfiniteFuture()) == Ids{"closed", "closed later"});
  CHECK(closed(Comparison::kEqual, absl::InfiniteFuture()).empty());
  CHECK(runs.Sorted({Is(Column::kStartTime, Comparison::kLess, At(150))}) == Ids{"closed", "open"});
  CHECK(runs.Sorted({Is(Column::kStartTime, Comparison::kGreaterOrEqual, At(150))}) == Ids{"closed later"});
  CHECK(runs.Sorted({Is(Column::kStartTime, Comparison::kGreater, At(99)),
                     Is(Column::kStartTime, Comparison::kLess, At(101)),
                     Is(Column::kCloseTime, Comparison::kGreater, absl::InfinitePast())}) == Ids{"closed"});
}

TEST_CASE("store: what a run has only once it is closed is compared then, and null until then") {
  Listed runs;
  runs.Add("open", 100, std::nullopt);
  for (const int64_t n : {1, 2, 3}) {
    runs.Add(std::to_string(n), 100, 200);
    ExecutionRow& row = *runs.writes.back().execution;
    row.execution_time = At(200) - absl::Seconds(n);
    row.history_length = n * 10;
    row.history_size_bytes = n * 100;
    row.state_transition_count = n * 1000;
  }
  runs.Commit();
  const auto sorted = [&](Column column, Comparison comparison, const decltype(Condition::value)& value) {
    return runs.Sorted({Is(column, comparison, value)});
  };
  CHECK(sorted(Column::kHistoryLength, Comparison::kGreaterOrEqual, int64_t{20}) == Ids{"2", "3"});
  CHECK(sorted(Column::kHistorySizeBytes, Comparison::kLess, int64_t{200}) == Ids{"1"});
  CHECK(sorted(Column::kStateTransitionCount, Comparison::kNotEqual, int64_t{2000}) == Ids{"1", "3"});
  CHECK(sorted(Column::kExecutionDuration, Comparison::kEqual, absl::Seconds(3)) == Ids{"3"});
  CHECK(sorted(Column::kExecutionDuration, Comparison::kLess, absl::InfiniteDuration()) ==
        Ids{"1", "2", "3"});
  for (const Column column : {Column::kCloseTime, Column::kExecutionDuration, Column::kHistoryLength,
                              Column::kHistorySizeBytes, Column::kStateTransitionCount}) {
    CHECK(sorted(column, Comparison::kIsNull, {}) == Ids{"open"});
    CHECK(sorted(column, Comparison::kIsNotNull, {}) == Ids{"1", "2", "3"});
  }
  for (const Column column : {Column::kId, Column::kRunId, Column::kType, Column::kQueue, Column::kStatus,
                              Column::kStartTime, Column::kExecutionTime}) {
    CHECK(sorted(column, Comparison::kIsNull, {}).empty());
    CHECK(sorted(column, Comparison::kIsNotNull, {}).size() == 4);
  }
}

TEST_CASE("store: task queue and execution time are compared") {
  Listed runs;
  runs.Add("a", 100, std::nullopt);
  runs.writes.back().execution->queue = "one";
  runs.writes.back().execution->execution_time = At(150);
  runs.Add("b", 100, std::nullopt);
  runs.writes.back().execution->queue = "two";
  runs.writes.back().execution->execution_time = At(100);
  runs.Commit();
  CHECK(runs.Ids({Is(Column::kQueue, Comparison::kEqual, "one")}) == Ids{"a"});
  CHECK(runs.Ids({Is(Column::kQueue, Comparison::kStartsWith, "t")}) == Ids{"b"});
  CHECK(runs.Ids({Is(Column::kExecutionTime, Comparison::kGreater, At(100))}) == Ids{"a"});
}

TEST_CASE("store: conditions are joined by all and any, nested") {
  Listed runs;
  runs.Add("a", 1, std::nullopt, 1, "T1");
  runs.Add("b", 1, 2, 2, "T1");
  runs.Add("c", 1, 2, 3, "T2");
  runs.Commit();
  const Filter a = Is(Column::kId, Comparison::kEqual, "a");
  const Filter b = Is(Column::kId, Comparison::kEqual, "b");
  const Filter t1 = Is(Column::kType, Comparison::kEqual, "T1");
  const Filter failed = Is(Column::kStatus, Comparison::kEqual, int64_t{3});
  CHECK(runs.Sorted({Filter::Any({a, b})}) == Ids{"a", "b"});
  CHECK(runs.Sorted({Filter::Any({a, failed})}) == Ids{"a", "c"});
  CHECK(runs.Sorted({Filter::All({a, b})}).empty());
  CHECK(runs.Sorted({t1, Filter::Any({b, failed})}) == Ids{"b"});
  CHECK(runs.Sorted({Filter::Any({Filter::All({t1, b}), Filter::All({t1, failed}), failed})}) ==
        Ids{"b", "c"});
  CHECK(runs.Sorted({Filter::Any({})}).empty());
  CHECK(runs.Sorted({Filter::Any({Filter::All({}), a})}) == Ids{"a", "b", "c"});
  const std::vector<Filter> many(500, failed);
  CHECK(runs.Sorted({Filter::Any(many), Filter::All(many)}) == Ids{"c"});
}

TEST_CASE("store: a list may be confined to a shard") {
  Listed runs;
  runs.Add("in shard 0", 1, std::nullopt);
  runs.Add("in shard 1", 1, std::nullopt);
  runs.Commit();
  CHECK(runs.Ids({}, 100, 1) == Ids{"in shard 1"});
  CHECK(runs.Ids({Is(Column::kId, Comparison::kEqual, "in shard 0")}, 100, 1).empty());
}

TEST_CASE("store: a list with a filter continues behind its cursor") {
  Listed runs;
  Ids expected;
  for (int i = 0; i < 50; ++i) {
    const std::string id = std::to_string(1000 - i);
    runs.Add(id, 1000 - i, std::nullopt, i % 5 == 0 ? 2 : 1);
    if (i % 5 == 0) expected.push_back(id);
  }
  runs.Commit();
  CHECK(runs.Ids({Is(Column::kStatus, Comparison::kEqual, int64_t{2})}, 3) == expected);
}

TEST_CASE("store: counts are grouped by status") {
  Listed runs;
  for (int i = 0; i < 7; ++i) runs.Add(std::to_string(i), 1, std::nullopt, i < 4 ? 1 : 3);
  runs.Commit();
  CHECK(runs.session.Count(runs.Everything()) == 7);
  CHECK(runs.Groups() == StatusCounts{{1, 4}, {3, 3}});
  runs.space = NewUuid();
  CHECK(runs.session.Count(runs.Everything()) == 0);
  CHECK(runs.Groups().empty());
}

TEST_CASE("store: groups of a namespace with most of the rows, and of one with few") {
  Listed runs;
  const Uuid big = runs.space;
  for (int i = 0; i < 60; ++i) runs.Add(std::to_string(i), 1, i, i % 3 + 2, i < 50 ? "usual" : "other");
  runs.space = NewUuid();
  runs.Add("a", 1, std::nullopt);
  runs.Add("b", 1, 5, 2, "usual");
  runs.Commit();
  const Filter usual = Is(Column::kType, Comparison::kEqual, "usual");
  const Filter closed_late = Is(Column::kCloseTime, Comparison::kGreaterOrEqual, At(57));
  CHECK(runs.Groups() == StatusCounts{{1, 1}, {2, 1}});
  CHECK(runs.Groups(usual) == StatusCounts{{2, 1}});
  runs.space = big;
  CHECK(runs.Groups() == StatusCounts{{2, 20}, {3, 20}, {4, 20}});
  CHECK(runs.Groups(usual) == StatusCounts{{2, 17}, {3, 17}, {4, 16}});
  CHECK(runs.Groups(closed_late) == StatusCounts{{2, 1}, {3, 1}, {4, 1}});
}

TEST_CASE("store: a list sees each commit that was answered before it") {
  Listed runs;
  runs.Add("id", 100, std::nullopt);
  runs.Commit();
  CHECK(runs.Ids({}) == Ids{"id"});
  runs.writes[0].history.clear();
  runs.writes[0].execution->close_time = At(200);
  runs.writes[0].execution->status = 2;
  runs.Commit();
  CHECK(runs.Ids({Is(Column::kStatus, Comparison::kEqual, int64_t{1})}).empty());
  CHECK(runs.Ids({Is(Column::kStatus, Comparison::kEqual, int64_t{2})}) == Ids{"id"});
}

}  // namespace perdure::persistence::contract
