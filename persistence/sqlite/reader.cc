#include "persistence/sqlite/reader.h"

#include <algorithm>
#include <limits>

#include "persistence/micros.h"
#include "persistence/sqlite/statements.h"

namespace perdure::persistence {

namespace sql = sqlite_statements;

namespace {

HistoryRow HistoryRowOf(const SqliteStatement& row) {
  return {row.Int(0), row.Int(1), static_cast<int32_t>(row.Int(2)), row.Bytes(3), row.Bytes(4)};
}

std::optional<NamedRun> NamedRunOf(const SqliteStatement& row, int column) {
  if (row.IsNull(column)) return std::nullopt;
  NamedRun run{row.Bytes(column), {}};
  if (!row.IsNull(column + 1)) run.run_id = row.Id(column + 1);
  return run;
}

VisibilityRow VisibilityRowOf(const SqliteStatement& row) {
  VisibilityRow result;
  result.key = {static_cast<ShardId>(row.Int(0)), row.Id(2), static_cast<KindNumber>(row.Int(1))};
  ExecutionRow& execution = result.row;
  execution.namespace_id = row.Id(3);
  execution.id = row.Bytes(4);
  execution.current = row.Int(5) != 0;
  execution.status = static_cast<int32_t>(row.Int(6));
  execution.type = row.Bytes(7);
  execution.queue = row.Bytes(8);
  execution.start_time = FromMicros(row.Int(9));
  execution.execution_time = FromMicros(row.Int(10));
  execution.close_time = CloseTime(row.Int(11));
  execution.history_length = row.Int(12);
  execution.history_size_bytes = row.Int(13);
  execution.state_transition_count = row.Int(14);
  execution.memo = row.Bytes(15);
  execution.search_attributes = row.Bytes(16);
  execution.extra = row.Bytes(17);
  if (!row.IsNull(18)) execution.delete_at = FromMicros(row.Int(18));
  execution.parent = NamedRunOf(row, 19);
  execution.root = NamedRunOf(row, 21);
  return result;
}

// A row that the index leads to costs as much as so many that a scan passes.
constexpr int64_t kRowsOfAScan = 8;

bool Names(const Filter& filter, Column column) {
  if (filter.kind == Filter::Kind::kCondition) return filter.condition.column == column;
  return std::any_of(filter.parts.begin(), filter.parts.end(),
                     [&](const Filter& part) { return Names(part, column); });
}

}  // namespace

template <typename Row>
absl::Status SqliteReader::Each(SqliteStatement& statement, Row row) {
  int step = SQLITE_ROW;
  bool more = true;
  while (more && (step = statement.Step()) == SQLITE_ROW) more = row(statement);
  absl::Status status;
  if (step != SQLITE_ROW && step != SQLITE_DONE) status = connection_->ReadStatus();
  statement.Reset();
  return status;
}

template <typename Row, typename... Values>
absl::Status SqliteReader::Each(const char* sql, Row row, const Values&... values) {
  SqliteStatement* statement = connection_->Prepared(sql);
  if (statement == nullptr) return connection_->ReadStatus();
  return Each(statement->Bind(values...), std::move(row));
}

absl::StatusOr<std::vector<StoredRun>> SqliteReader::LoadRuns(const LoadQuery& query) {
  if (!connection_->Exec(sql::kBeginRead)) return connection_->ReadStatus();
  std::vector<StoredRun> runs;
  runs.reserve(query.keys.size());
  absl::Status status;
  size_t bytes = 0;
  for (const RunKey& key : query.keys) {
    StoredRun& run = runs.emplace_back();
    run.key = key;
    status = LookForRun(run, query.due_by);
    if (!status.ok()) break;
    if (run.found != StoredRun::Found::kRun) continue;
    if (bytes >= query.max_bytes) {
      run.found = StoredRun::Found::kLater;
      continue;
    }
    status = LoadRun(run);
    if (!status.ok()) break;
    if (run.snapshot) bytes += run.snapshot->state.size();
    for (const HistoryRow& row : run.rows) bytes += row.events.size() + row.changes.size();
  }
  connection_->Exec(sql::kRollback);
  if (!status.ok()) return status;
  return runs;
}

absl::Status SqliteReader::LookForRun(StoredRun& run, std::optional<absl::Time> due_by) {
  const int64_t shard = run.key.shard;
  const int64_t kind = run.key.kind;
  absl::Status status = Each(
      sql::kLoadExecution,
      [&](const SqliteStatement& row) {
        run.found = StoredRun::Found::kRun;
        run.current = row.Int(4) != 0;
        if (!row.IsNull(0)) run.delete_at = FromMicros(row.Int(0));
        if (!due_by || !run.delete_at || *run.delete_at > *due_by) return true;
        run.found = StoredRun::Found::kDue;
        run.size = {row.Int(1), row.Int(2), row.Int(3)};
        return true;
      },
      shard, kind, run.key.run_id);
  if (!status.ok() || run.found != StoredRun::Found::kNothing) return status;
  return Each(
      sql::kLastEvent,
      [&](const SqliteStatement& row) {
        run.size.last_event_id = row.Int(0);  // 0 where there is no row
        return true;
      },
      shard, kind, run.key.run_id);
}

absl::Status SqliteReader::LoadRun(StoredRun& run) {
  const int64_t shard = run.key.shard;
  const int64_t kind = run.key.kind;
  absl::Status status = Each(
      sql::kLoadSnapshot,
      [&](const SqliteStatement& row) {
        run.snapshot = SnapshotRow{row.Int(0), row.Int(1), row.Bytes(2)};
        return true;
      },
      shard, kind, run.key.run_id);
  if (!status.ok()) return status;
  const int64_t next_event_id = run.snapshot ? run.snapshot->next_event_id : 0;
  const int64_t sequence = run.snapshot ? run.snapshot->sequence : 0;
  return Each(
      sql::kLoadHistory,
      [&](const SqliteStatement& row) {
        run.rows.push_back(HistoryRowOf(row));
        return true;
      },
      shard, kind, run.key.run_id, next_event_id, sequence);
}

absl::StatusOr<std::vector<std::optional<Uuid>>> SqliteReader::FindCurrentRuns(
    const std::vector<EntityKey>& keys) {
  std::vector<std::optional<Uuid>> runs;
  runs.reserve(keys.size());
  for (const EntityKey& key : keys) {
    std::optional<Uuid> run;
    absl::Status status = Each(
        sql::kFindCurrentRun,
        [&](const SqliteStatement& row) {
          run = row.Id(0);
          return true;
        },
        int64_t{key.shard}, key.namespace_id, int64_t{key.kind}, key.id);
    if (!status.ok()) return status;
    runs.push_back(run);
  }
  return runs;
}

absl::StatusOr<std::vector<HistoryRow>> SqliteReader::ReadHistory(const HistoryQuery& query) {
  std::vector<HistoryRow> rows;
  size_t bytes = 0;
  absl::Status status = Each(
      query.reverse ? sql::kReadHistoryReverse : sql::kReadHistory,
      [&](const SqliteStatement& row) {
        rows.push_back(HistoryRowOf(row));
        bytes += rows.back().events.size();
        return bytes < query.max_bytes;
      },
      int64_t{query.key.shard}, int64_t{query.key.kind}, query.key.run_id, query.from_event_id,
      query.to_event_id);
  if (!status.ok()) return status;
  return rows;
}

absl::StatusOr<std::vector<WakeRow>> SqliteReader::ReadWakes(const WakeQuery& query) {
  int64_t after_at = std::numeric_limits<int64_t>::min();
  int64_t after_shard = -1;
  int64_t after_kind = 0;
  Uuid after_run;
  if (query.after) {
    after_at = ToMicros(query.after->at);
    after_shard = query.after->run.shard;
    after_kind = query.after->run.kind;
    after_run = query.after->run.run_id;
  }
  std::vector<WakeRow> wakes;
  absl::Status status = Each(
      sql::kReadWakes,
      [&](const SqliteStatement& row) {
        wakes.push_back({FromMicros(row.Int(0)),
                         {static_cast<ShardId>(row.Int(1)), row.Id(3), static_cast<KindNumber>(row.Int(2))}});
        return true;
      },
      int64_t{query.writer_id}, after_at, after_shard, after_kind, after_run, ToMicros(query.not_after),
      static_cast<int64_t>(query.limit));
  if (!status.ok()) return status;
  return wakes;
}

template <typename Read>
auto SqliteReader::Within(const Bound& bound, Read read) -> decltype(read()) {
  const absl::Duration end = bound.thread.Monotonic() + bound.limit;
  bool stopped = false;
  connection_->StopWhen([&] { return stopped = bound.ending || bound.thread.Monotonic() > end; });
  auto result = read();
  connection_->StopWhen(nullptr);
  if (stopped && !result.ok()) return TookTooLong(bound.limit);
  return result;
}

absl::StatusOr<VisibilityPage> SqliteReader::ListExecutions(const VisibilityQuery& query,
                                                            const Bound& bound) {
  return Within(bound, [&] { return List(query); });
}

absl::StatusOr<std::vector<CountGroup>> SqliteReader::CountExecutions(const VisibilityQuery& query,
                                                                      const Bound& bound) {
  return Within(bound, [&] { return Count(query); });
}

absl::StatusOr<VisibilityPage> SqliteReader::List(const VisibilityQuery& query) {
  const SqlStatement list = ListStatement(query, '?');
  absl::StatusOr<SqliteStatement> statement = connection_->Prepare(list.text);
  if (!statement.ok()) return statement.status();
  statement->BindAll(list.parameters);
  VisibilityPage page;
  size_t weight = 0;
  absl::Status status = Each(*statement, [&](const SqliteStatement& row) {
    page.more = page.rows.size() == query.page_size;
    if (page.more) return false;
    VisibilityRow next = VisibilityRowOf(row);
    weight += ListWeight(next.row);
    page.more = !page.rows.empty() && weight > query.max_bytes;
    if (!page.more) page.rows.push_back(std::move(next));
    return !page.more;
  });
  if (!status.ok()) return status;
  return page;
}

// Status stands in the rows, not in the list's index, and the rows of a namespace lie all over the table.
absl::StatusOr<CountBy> SqliteReader::WayToCount(const VisibilityQuery& query) {
  const bool few = query.shard || Names(query.filter, Column::kCloseTime);
  CountBy by = CountBy::kPlan;
  if (!query.group_by_status || few) return by;
  absl::Status status = Each(
      sql::kCountRows,
      [&](const SqliteStatement& row) {
        if (row.Int(0) * kRowsOfAScan > row.Int(1)) by = CountBy::kTable;
        return true;
      },
      query.namespace_id, int64_t{query.kind});
  if (!status.ok()) return status;
  return by;
}

absl::StatusOr<std::vector<CountGroup>> SqliteReader::Count(const VisibilityQuery& query) {
  const absl::StatusOr<CountBy> by = WayToCount(query);
  if (!by.ok()) return by.status();
  const SqlStatement count = CountStatement(query, '?', *by);
  absl::StatusOr<SqliteStatement> statement = connection_->Prepare(count.text);
  if (!statement.ok()) return statement.status();
  statement->BindAll(count.parameters);
  std::vector<CountGroup> groups;
  absl::Status status = Each(*statement, [&](const SqliteStatement& row) {
    groups.push_back({static_cast<int32_t>(row.Int(0)), row.Int(1)});
    return true;
  });
  if (!status.ok()) return status;
  return groups;
}

absl::StatusOr<std::vector<NamespaceRow>> SqliteReader::ListNamespaces() {
  std::vector<NamespaceRow> rows;
  absl::Status status = Each(sql::kListNamespaces, [&](const SqliteStatement& row) {
    rows.push_back({row.Id(0), row.Bytes(1), row.Int(2), row.Bytes(3)});
    return true;
  });
  if (!status.ok()) return status;
  return rows;
}

}  // namespace perdure::persistence
