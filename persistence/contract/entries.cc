#include <algorithm>
#include <catch2/catch.hpp>

#include "base/limits.h"
#include "persistence/contract/harness.h"

namespace perdure::persistence::contract {
namespace {

using Entries = std::vector<std::string>;
using Ids = std::vector<std::string>;

struct Tagged {
  Tagged() : backend(NewBackend()), session(backend->store()), writer(session, 1) {}

  void Put(const std::string& id, Entries entries) {
    RunWrite write = FirstWrite(NewRunKey(), space, id);
    write.execution->entries = std::move(entries);
    writer.Commit(write);
    writes.push_back(std::move(write));
  }

  Ids Found(Filter filter) {
    VisibilityQuery query;
    query.namespace_id = space;
    query.filter = std::move(filter);
    query.page_size = 100;
    Ids ids;
    for (const VisibilityRow& row : session.List(query).rows) {
      ids.push_back(row.row.id);
      CHECK(row.row.entries.empty());
    }
    CHECK(session.Count(query) == static_cast<int64_t>(ids.size()));
    std::sort(ids.begin(), ids.end());
    return ids;
  }

  // Page by page, of a row each.
  Ids Paged(const Filter& filter) {
    VisibilityQuery query;
    query.namespace_id = space;
    query.filter = filter;
    query.page_size = 1;
    Ids ids;
    for (bool more = true; more;) {
      const VisibilityPage page = session.List(query);
      REQUIRE(page.rows.size() == 1);
      const VisibilityRow& last = page.rows.back();
      ids.push_back(last.row.id);
      query.after = ListCursor{last.row.close_time, last.row.start_time, last.key.run_id};
      more = page.more;
    }
    CHECK(session.Count(query) == static_cast<int64_t>(ids.size()));
    std::sort(ids.begin(), ids.end());
    return ids;
  }

  std::unique_ptr<Backend> backend;
  TestSession session;
  TestWriter writer;
  Uuid space = NewUuid();
  std::vector<RunWrite> writes;
};

Filter Has(EntryRange range) { return Filter::Of({Column::kEntries, Comparison::kEqual, std::move(range)}); }
Filter HasNone(EntryRange range) {
  return Filter::Of({Column::kEntries, Comparison::kNotEqual, std::move(range)});
}

}  // namespace

TEST_CASE("store: rows are found by their entries, whatever bytes these are") {
  Tagged rows;
  rows.Put("none", {});
  rows.Put("a", {"a"});
  rows.Put("ab", {"a", "b"});
  rows.Put("bytes", {std::string("\0\"\\{},\xff", 7), "a\xff"});
  rows.Put("long", {std::string(3000, 'x')});
  rows.Put("empty", {""});
  CHECK(rows.Found(Has(EntryRange::Of("a"))) == Ids{"a", "ab"});
  CHECK(rows.Found(Has(EntryRange::Of("b"))) == Ids{"ab"});
  CHECK(rows.Found(Has(EntryRange::Of(""))) == Ids{"empty"});
  CHECK(rows.Found(Has(EntryRange::Of(std::string("\0\"\\{},\xff", 7)))) == Ids{"bytes"});
  CHECK(rows.Found(Has(EntryRange::Of(std::string(3000, 'x')))) == Ids{"long"});
  CHECK(rows.Found(Has(EntryRange::Of("c"))).empty());
  CHECK(rows.Found(HasNone(EntryRange::Of("a"))) == Ids{"bytes", "empty", "long", "none"});
  CHECK(rows.Found(Has(EntryRange::StartingWith("a"))) == Ids{"a", "ab", "bytes"});
  CHECK(rows.Found(Has({"a\x01", "c"})) == Ids{"ab", "bytes"});
  CHECK(rows.Found(Has({"b", "b"})).empty());
  CHECK(rows.Found(HasNone(EntryRange::StartingWith("a"))) == Ids{"empty", "long", "none"});
  CHECK(rows.Found(Filter::Any({Has(EntryRange::Of("a")), Has(EntryRange::Of("b"))})) == Ids{"a", "ab"});
  CHECK(rows.Found(Filter::All({Has(EntryRange::StartingWith("a")), HasNone(EntryRange::Of("b"))})) ==
        Ids{"a", "bytes"});
}

TEST_CASE("store: the largest filters that limits allow find their rows on each page") {
  Tagged rows;
  for (const char* id : {"a", "b"}) rows.Put(id, {"entry"});
  const auto word = [](size_t i) { return EntryRange::Of("w" + std::to_string(i)); };
  std::vector<Filter> nones;
  std::vector<Filter> ones;
  for (size_t i = 0; i < limits::kListFilterLooks; ++i) {
    nones.push_back(HasNone(word(i)));
    ones.push_back(Has(word(i)));
  }
  ones.back() = Has(EntryRange::Of("entry"));
  std::vector<Filter> pairs;
  std::vector<Filter> rest;
  for (size_t i = 0; i < limits::kListFilterComparisons; ++i) {
    pairs.push_back(Filter::All({Has(EntryRange::StartingWith("e")), HasNone(word(i))}));
    rest.push_back(Filter::Of({Column::kType, Comparison::kNotEqual, std::to_string(i)}));
  }
  for (const auto& filter : {Filter::All(nones), Filter::Any(ones), Filter::All(pairs), Filter::Any(rest)}) {
    CHECK(rows.Paged(filter) == Ids{"a", "b"});
  }
}

TEST_CASE("store: filters nest as deep as limits allow, whichever part comes last") {
  Tagged rows;
  for (const char* id : {"a", "b"}) rows.Put(id, {"entry"});
  const Filter holds = Has(EntryRange::Of("entry"));
  const Filter fails = Has(EntryRange::Of("none"));
  for (const bool mixed : {false, true}) {
    CAPTURE(mixed);
    Filter filter = holds;
    for (size_t depth = 0; depth < limits::kListFilterDepth; ++depth) {
      // As "... AND ... AND (... OR ... OR (": five comparisons a level, of 500.
      filter = Filter::Any({fails, fails, fails, std::move(filter)});
      if (mixed) filter = Filter::All({holds, holds, std::move(filter)});
    }
    CHECK(rows.Paged(filter) == Ids{"a", "b"});
  }
  // Two halves of the same depth.
  Filter half = holds;
  for (size_t depth = 2; depth < limits::kListFilterDepth; ++depth) {
    half = Filter::All({holds, Filter::Any({fails, fails, std::move(half)})});
  }
  CHECK(rows.Paged(Filter::All({half, Filter::Any({fails, half})})) == Ids{"a", "b"});
}

TEST_CASE("store: a row that is replaced has its new entries alone") {
  Tagged rows;
  rows.Put("run", {"a", "b"});
  rows.Put("other", {"b"});
  RunWrite again = rows.writes.front();
  again.history.clear();
  again.execution->entries = {"c"};
  rows.writer.Commit(again);
  CHECK(rows.Found(Has(EntryRange::Of("a"))).empty());
  CHECK(rows.Found(Has(EntryRange::Of("b"))) == Ids{"other"});
  CHECK(rows.Found(Has(EntryRange::Of("c"))) == Ids{"run"});
  again.execution->entries.clear();
  rows.writer.Commit(again);
  CHECK(rows.Found(HasNone(EntryRange::Of("b"))) == Ids{"run"});
}

}  // namespace perdure::persistence::contract
