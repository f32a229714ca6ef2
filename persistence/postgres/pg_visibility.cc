#include "persistence/postgres/pg_visibility.h"

#include <utility>

#include "persistence/micros.h"

namespace perdure::persistence {
namespace {

std::optional<NamedRun> NamedRunOf(const PGresult& result, int row, int column) {
  if (PQgetisnull(&result, row, column) != 0) return std::nullopt;
  NamedRun run{PgGetBytes(result, row, column), {}};
  if (PQgetisnull(&result, row, column + 1) == 0) run.run_id = PgGetUuid(result, row, column + 1);
  return run;
}

}  // namespace

PgStatement Unnamed(SqlStatement statement) {
  struct Encode {
    std::string operator()(int64_t value) const { return PgInt8(value); }
    std::string operator()(const std::string& value) const { return value; }
    std::string operator()(const Uuid& value) const { return PgUuid(value); }
  };
  PgStatement result{"", std::move(statement.text), {}};
  for (const auto& parameter : statement.parameters) result.params.push_back(std::visit(Encode{}, parameter));
  return result;
}

VisibilityPage PageOf(const PGresult& result, size_t page_size) {
  VisibilityPage page;
  const int rows = PQntuples(&result);
  for (int i = 0; i < rows && page.rows.size() < page_size; ++i) {
    int column = 0;
    VisibilityRow& out = page.rows.emplace_back();
    out.key.shard = static_cast<ShardId>(PgGetInt2(result, i, column++));
    out.key.kind = static_cast<KindNumber>(PgGetInt2(result, i, column++));
    out.key.run_id = PgGetUuid(result, i, column++);
    out.row.namespace_id = PgGetUuid(result, i, column++);
    out.row.id = PgGetBytes(result, i, column++);
    out.row.current = PgGetBool(result, i, column++);
    out.row.status = PgGetInt2(result, i, column++);
    out.row.type = PgGetBytes(result, i, column++);
    out.row.queue = PgGetBytes(result, i, column++);
    out.row.start_time = FromMicros(PgGetInt8(result, i, column++));
    out.row.execution_time = FromMicros(PgGetInt8(result, i, column++));
    out.row.close_time = CloseTime(PgGetInt8(result, i, column++));
    out.row.history_length = PgGetInt4(result, i, column++);
    out.row.history_size_bytes = PgGetInt8(result, i, column++);
    out.row.state_transition_count = PgGetInt4(result, i, column++);
    out.row.memo = PgGetBytes(result, i, column++);
    out.row.search_attributes = PgGetBytes(result, i, column++);
    out.row.extra = PgGetBytes(result, i, column++);
    if (PQgetisnull(&result, i, column) == 0) out.row.delete_at = FromMicros(PgGetInt8(result, i, column));
    ++column;
    out.row.parent = NamedRunOf(result, i, column);
    out.row.root = NamedRunOf(result, i, column + 2);
    column += 4;
    page.more = PgGetInt8(result, i, column) > static_cast<int64_t>(page.rows.size());
  }
  return page;
}

std::vector<CountGroup> CountsOf(const PGresult& result) {
  std::vector<CountGroup> counts;
  for (int i = 0; i < PQntuples(&result); ++i) {
    counts.push_back({PgGetInt4(result, i, 0), PgGetInt8(result, i, 1)});
  }
  return counts;
}

}  // namespace perdure::persistence
