#include "persistence/memory/lists.h"

#include <catch2/catch.hpp>

#include "base/testing/manual_executor.h"
#include "persistence/contract/harness.h"
#include "persistence/memory/tables.h"

namespace perdure::persistence {
namespace {

// Tables with some runs of one namespace.
struct Bench {
  explicit Bench(int runs) {
    query.namespace_id = contract::NewUuid();
    for (int i = 0; i < runs; ++i) {
      Commit(contract::FirstWrite(contract::NewRunKey(), query.namespace_id, "id" + std::to_string(i)));
    }
    query.page_size = 100;
  }

  void Commit(RunWrite write) {
    const Batch batch{writer, ++last_batch, {{{std::move(write)}}}};
    REQUIRE(tables.Commit(batch).outcome == CommitOutcome::kCommitted);
  }
  int64_t Count(const std::vector<ListedRow>& rows) const {
    const auto counted = CountOf(rows, query, clock);
    REQUIRE(counted.ok());
    return counted->front().count;
  }

  VirtualTime time{1};
  ManualExecutor clock{time};
  MemoryTables tables{0};
  Writer writer = tables.Fence(1, std::nullopt)->writer;
  uint64_t last_batch = 0;
  VisibilityQuery query;
};

}  // namespace

TEST_CASE("memory: a list is of one moment, whatever is committed while its filter is asked") {
  Bench bench(2);
  const std::vector<ListedRow> rows = bench.tables.Listed(bench.query);
  RunWrite gone;
  gone.key = rows[0].key;
  gone.deleted = Deletion{};
  bench.Commit(gone);
  bench.Commit(contract::FirstWrite(contract::NewRunKey(), bench.query.namespace_id, "late"));
  CHECK(bench.Count(rows) == 2);
  const auto page = ListOf(rows, bench.query, bench.clock);
  REQUIRE(page.ok());
  CHECK(page->rows.size() == 2);
  CHECK(page->rows[0].key == gone.key);
  CHECK(bench.Count(bench.tables.Listed(bench.query)) == 2);
  CHECK(bench.tables.Listed(bench.query)[0].key != gone.key);
}

TEST_CASE("memory: a list without a filter gathers no more rows than its page needs") {
  Bench bench(5);
  bench.query.page_size = 2;
  const std::vector<ListedRow> rows = bench.tables.Listed(bench.query);
  CHECK(rows.size() == 3);
  const auto page = ListOf(rows, bench.query, bench.clock);
  REQUIRE(page.ok());
  CHECK(page->rows.size() == 2);
  CHECK(page->more);
  bench.query.filter = Filter::Of({Column::kId, Comparison::kStartsWith, std::string("id")});
  CHECK(bench.tables.Listed(bench.query).size() == 5);
}

}  // namespace perdure::persistence
