#include "persistence/postgres/pg_reads.h"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "persistence/micros.h"
#include "persistence/postgres/statements.h"

namespace perdure::persistence {
namespace {

using Type = PgArray::Type;

HistoryRow HistoryRowOf(const PGresult& result, int row, int first_column) {
  HistoryRow out;
  out.sequence = PgGetInt4(result, row, first_column);
  out.first_event_id = PgGetInt4(result, row, first_column + 1);
  out.event_count = PgGetInt4(result, row, first_column + 2);
  out.events = PgGetBytes(result, row, first_column + 3);
  out.changes = PgGetBytes(result, row, first_column + 4);
  return out;
}

// The row of part 0: what was found of the run.
void ReadFound(const PGresult& result, int row, StoredRun& run) {
  constexpr StoredRun::Found kFound[] = {StoredRun::Found::kNothing, StoredRun::Found::kRun,
                                         StoredRun::Found::kDue, StoredRun::Found::kLater};
  run.found = kFound[PgGetInt4(result, row, 2)];
  run.delete_at = DeleteTime(PgGetInt8(result, row, 7));
  run.current = PgGetBool(result, row, 9);
  if (run.found == StoredRun::Found::kNothing || run.found == StoredRun::Found::kDue) {
    run.size = {PgGetInt4(result, row, 3), PgGetInt4(result, row, 4), PgGetInt8(result, row, 8)};
  }
}

// A range of a history, in steps of a bounded number of rows.
constexpr int64_t kHistoryRowsPerStep = 256;

std::string EventId(int64_t id) { return PgInt4(PgEventId(id)); }

void ReadHistoryStep(PgShared& shared, HistoryQuery query, std::vector<HistoryRow> rows,
                     ReadReply<std::vector<HistoryRow>> reply) {
  const sql::Constant& statement = query.reverse ? sql::kReadHistoryReverse : sql::kReadHistory;
  // A later step begins only while bytes are left; the first one answers a row whatever its size.
  PgStatement step = statement.With(
      {PgInt2(static_cast<int16_t>(query.key.shard)), PgUuid(query.key.run_id), EventId(query.from_event_id),
       EventId(query.to_event_id), PgInt8(static_cast<int64_t>(query.max_bytes)), PgInt8(kHistoryRowsPerStep),
       PgInt2(static_cast<int16_t>(query.key.kind))});
  shared.Reader().Submit({std::move(step)}, [&shared, query, rows = std::move(rows),
                                             reply = std::move(reply)](const PgAnswer& answer) mutable {
    PgTellRefusal(shared, "ReadHistory", answer);
    if (absl::Status status = PgStatusOf(answer); !status.ok()) return std::move(reply).Send(status);
    const PGresult& result = *answer.results[0];
    size_t bytes = 0;
    for (int i = 0; i < PQntuples(&result); ++i) {
      rows.push_back(HistoryRowOf(result, i, 0));
      bytes += rows.back().events.size();
    }
    if (PQntuples(&result) < kHistoryRowsPerStep || bytes >= query.max_bytes) {
      return std::move(reply).Send(std::move(rows));
    }
    query.max_bytes -= bytes;
    if (query.reverse) {
      query.to_event_id = rows.back().first_event_id;
    } else {
      query.from_event_id = rows.back().first_event_id + rows.back().event_count;
    }
    ReadHistoryStep(shared, query, std::move(rows), std::move(reply));
  });
}

}  // namespace

PgStatement LoadStatement(const LoadQuery& query) {
  PgArray shards(Type::kInt2);
  PgArray kinds(Type::kInt2);
  PgArray runs(Type::kUuid);
  for (const RunKey& key : query.keys) {
    shards.Add(static_cast<int16_t>(key.shard));
    kinds.Add(static_cast<int16_t>(key.kind));
    runs.Add(key.run_id);
  }
  constexpr size_t kMostBytes = std::numeric_limits<int64_t>::max();
  const auto max_bytes = static_cast<int64_t>(std::min(query.max_bytes, kMostBytes));
  const int64_t due_by = query.due_by ? ToMicros(*query.due_by) : std::numeric_limits<int64_t>::min();
  return sql::kLoadRuns.With({std::move(shards).Take(), std::move(kinds).Take(), std::move(runs).Take(),
                              PgInt8(max_bytes), PgInt8(due_by)});
}

std::vector<StoredRun> RunsOf(const PGresult& result, const std::vector<RunKey>& keys) {
  std::vector<StoredRun> runs(keys.size());
  for (size_t i = 0; i < keys.size(); ++i) runs[i].key = keys[i];
  for (int i = 0; i < PQntuples(&result); ++i) {
    StoredRun& run = runs.at(static_cast<size_t>(PgGetInt8(result, i, 0) - 1));
    switch (PgGetInt4(result, i, 1)) {
      case 0:
        ReadFound(result, i, run);
        break;
      case 1:
        run.snapshot =
            SnapshotRow{PgGetInt4(result, i, 2), PgGetInt4(result, i, 3), PgGetBytes(result, i, 5)};
        break;
      default:
        run.rows.push_back(HistoryRowOf(result, i, 2));
    }
  }
  return runs;
}

PgStatement FindCurrentStatement(const std::vector<EntityKey>& keys) {
  PgArray shards(Type::kInt2);
  PgArray namespaces(Type::kUuid);
  PgArray kinds(Type::kInt2);
  PgArray ids(Type::kBytea);
  for (const EntityKey& key : keys) {
    shards.Add(static_cast<int16_t>(key.shard));
    namespaces.Add(key.namespace_id);
    kinds.Add(static_cast<int16_t>(key.kind));
    ids.Add(std::string_view(key.id));
  }
  return sql::kFindCurrent.With({std::move(shards).Take(), std::move(namespaces).Take(),
                                 std::move(kinds).Take(), std::move(ids).Take()});
}

std::vector<std::optional<Uuid>> CurrentRunsOf(const PGresult& rows, size_t count) {
  std::vector<std::optional<Uuid>> found(count);
  for (int i = 0; i < PQntuples(&rows); ++i) {
    found.at(static_cast<size_t>(PgGetInt8(rows, i, 0) - 1)) = PgGetUuid(rows, i, 1);
  }
  return found;
}

PgStatement WakesStatement(const WakeQuery& query) {
  const WakeRow after = query.after.value_or(WakeRow{absl::InfinitePast(), {0, {}, 0}});
  return sql::kReadWakes.With({PgInt4(static_cast<int32_t>(query.writer_id)), PgInt8(ToMicros(after.at)),
                               PgInt2(static_cast<int16_t>(after.run.shard)),
                               PgInt2(static_cast<int16_t>(after.run.kind)), PgUuid(after.run.run_id),
                               PgInt8(ToMicros(query.not_after)), PgInt8(static_cast<int64_t>(query.limit))});
}

std::vector<WakeRow> WakesOf(const PGresult& rows) {
  std::vector<WakeRow> wakes;
  for (int i = 0; i < PQntuples(&rows); ++i) {
    wakes.push_back({FromMicros(PgGetInt8(rows, i, 0)),
                     {static_cast<ShardId>(PgGetInt2(rows, i, 1)), PgGetUuid(rows, i, 3),
                      static_cast<KindNumber>(PgGetInt2(rows, i, 2))}});
  }
  return wakes;
}

void PgReadHistory(PgShared& shared, const HistoryQuery& query, ReadReply<std::vector<HistoryRow>> reply) {
  ReadHistoryStep(shared, query, {}, std::move(reply));
}

}  // namespace perdure::persistence
