#include "persistence/postgres/pg_batch.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/match.h"
#include "persistence/micros.h"
#include "persistence/postgres/statements.h"

namespace perdure::persistence {
namespace {

using Type = PgArray::Type;

// After so many batches a new row takes the writer's place.
constexpr uint64_t kBatchesPerGeneration = 10000;

// The columns of one multi-row statement.
class Rows {
 public:
  Rows(std::initializer_list<Type> types) : columns_(types.begin(), types.end()) {}

  template <typename... Values>
  void Add(const Values&... values) {
    size_t column = 0;
    (columns_[column++].Add(values), ...);
  }

  void Append(const sql::Constant& statement, std::vector<PgStatement>& out) && {
    if (columns_.front().empty()) return;
    std::vector<std::string> params;
    params.reserve(columns_.size());
    for (PgArray& column : columns_) params.push_back(std::move(column).Take());
    out.push_back(statement.With(std::move(params)));
  }

 private:
  std::vector<PgArray> columns_;
};

int16_t ShardOf(const RunKey& key) { return static_cast<int16_t>(key.shard); }
int16_t KindOf(const RunKey& key) { return static_cast<int16_t>(key.kind); }

// A parent or root as columns, in which one that is not there is empty and nil.
const NamedRun& OrNone(const std::optional<NamedRun>& run) {
  static const NamedRun& none = *new NamedRun;
  return run ? *run : none;
}

struct Tables {
  Rows deleted{Type::kInt2, Type::kInt2, Type::kUuid, Type::kInt4, Type::kInt4};
  Rows deleted_snapshots{Type::kInt2, Type::kInt2, Type::kUuid};
  Rows deleted_executions = deleted_snapshots;
  Rows not_current = deleted_snapshots;
  Rows executions{Type::kInt2, Type::kInt2,  Type::kUuid,  Type::kUuid,  Type::kBytea, Type::kBool,
                  Type::kInt2, Type::kBytea, Type::kBytea, Type::kInt8,  Type::kInt8,  Type::kInt8,
                  Type::kInt4, Type::kInt8,  Type::kInt4,  Type::kBytea, Type::kBytea, Type::kBytea,
                  Type::kInt8, Type::kBytea, Type::kUuid,  Type::kBytea, Type::kUuid,  Type::kText};
  Rows history{Type::kInt2, Type::kInt2, Type::kUuid,  Type::kInt4,
               Type::kInt4, Type::kInt4, Type::kBytea, Type::kBytea};
  Rows compacted{Type::kInt2, Type::kInt2, Type::kUuid, Type::kInt4, Type::kInt4};
  Rows snapshots{Type::kInt2, Type::kInt2, Type::kUuid, Type::kInt4, Type::kInt4, Type::kBytea};
  Rows wakes_removed{Type::kInt8, Type::kInt2, Type::kInt2, Type::kUuid};
  Rows wakes_added = wakes_removed;
  bool fit = true;  // every number fits its column

  template <typename Narrow>
  Narrow As(int64_t value) {
    fit = fit && value >= std::numeric_limits<Narrow>::min() && value <= std::numeric_limits<Narrow>::max();
    return static_cast<Narrow>(value);
  }
  void Add(const RunWrite& run);
  void AddWakes(const RunWrite& run);
  // The execution rows whose `current` is as asked.
  void AddExecution(const RunWrite& run, bool current);
};

void Tables::AddExecution(const RunWrite& run, bool current) {
  if (!run.execution.has_value() || run.execution->current != current) return;
  const ExecutionRow& row = *run.execution;
  const NamedRun& parent = OrNone(row.parent);
  const NamedRun& root = OrNone(row.root);
  executions.Add(ShardOf(run.key), KindOf(run.key), run.key.run_id, row.namespace_id, row.id, row.current,
                 As<int16_t>(row.status), row.type, row.queue, ToMicros(row.start_time),
                 ToMicros(row.execution_time), CloseMicros(row.close_time), As<int32_t>(row.history_length),
                 row.history_size_bytes, As<int32_t>(row.state_transition_count), row.memo,
                 row.search_attributes, row.extra, DeleteMicros(row.delete_at), parent.id, parent.run_id,
                 root.id, root.run_id, PgByteaArray(row.entries));
}

void Tables::Add(const RunWrite& run) {
  const int16_t shard = ShardOf(run.key);
  const int16_t kind = KindOf(run.key);
  const Uuid& run_id = run.key.run_id;
  for (const absl::Time at : run.wakes_removed) wakes_removed.Add(ToMicros(at), shard, kind, run_id);
  if (run.deleted) {
    deleted.Add(shard, kind, run_id, PgEventId(run.deleted->from_event_id),
                PgEventId(run.deleted->below_event_id));
    deleted_snapshots.Add(shard, kind, run_id);
    deleted_executions.Add(shard, kind, run_id);
    return;
  }
  if (run.no_longer_current) not_current.Add(shard, kind, run_id);
  for (const HistoryRow& row : run.history) {
    if (!Stays(row, run)) continue;
    history.Add(shard, kind, run_id, As<int32_t>(row.first_event_id), As<int32_t>(row.sequence),
                row.event_count, row.events, row.changes);
  }
  if (run.snapshot.has_value()) {
    const auto sequence = As<int32_t>(run.snapshot->sequence);
    const auto next_event_id = As<int32_t>(run.snapshot->next_event_id);
    compacted.Add(shard, kind, run_id, sequence, next_event_id);
    snapshots.Add(shard, kind, run_id, sequence, next_event_id, run.snapshot->state);
  }
  AddWakes(run);
}

void Tables::AddWakes(const RunWrite& run) {
  std::vector<int64_t> added;  // a few: times that differ may be one microsecond, which is one row
  for (const absl::Time at : run.wakes_added) {
    const int64_t micros = ToMicros(at);
    if (std::find(added.begin(), added.end(), micros) != added.end()) continue;
    added.push_back(micros);
    wakes_added.Add(micros, ShardOf(run.key), KindOf(run.key), run.key.run_id);
  }
}

PgStatement Fencing(const Batch& batch) {
  const auto writer = static_cast<int32_t>(batch.writer.id);
  const auto generation = static_cast<int64_t>(batch.number / kBatchesPerGeneration);
  const sql::Constant& statement =
      batch.number % kBatchesPerGeneration == 0 ? sql::kAdvanceGeneration : sql::kAdvance;
  return statement.With({PgInt4(writer), PgInt8(generation), PgInt8(static_cast<int64_t>(batch.writer.epoch)),
                         PgInt8(static_cast<int64_t>(batch.number))});
}

// Errors that are the data's own: a value out of range, a constraint, a limit of PostgreSQL's.
bool IsRefusal(const std::string& sqlstate) {
  return absl::StartsWith(sqlstate, "22") || absl::StartsWith(sqlstate, "23") ||
         absl::StartsWith(sqlstate, "54");
}

}  // namespace

std::optional<std::vector<PgStatement>> StatementsOf(const Batch& batch) {
  Tables tables;
  // A run that gives its id up does so before its successor takes it.
  for (const bool current : {false, true}) {
    for (const WriteGroup& group : batch.groups) {
      for (const RunWrite& run : group.runs) tables.AddExecution(run, current);
    }
  }
  for (const WriteGroup& group : batch.groups) {
    for (const RunWrite& run : group.runs) tables.Add(run);
  }
  if (!tables.fit) return std::nullopt;
  std::vector<PgStatement> statements;
  statements.push_back(Fencing(batch));
  std::move(tables.deleted).Append(sql::kDeleteHistory, statements);
  std::move(tables.deleted_snapshots).Append(sql::kDeleteSnapshots, statements);
  std::move(tables.deleted_executions).Append(sql::kDeleteExecutions, statements);
  std::move(tables.not_current).Append(sql::kClearCurrent, statements);
  std::move(tables.executions).Append(sql::kPutExecutions, statements);
  std::move(tables.history).Append(sql::kAppendHistory, statements);
  std::move(tables.compacted).Append(sql::kCompactHistory, statements);
  std::move(tables.snapshots).Append(sql::kPutSnapshots, statements);
  std::move(tables.wakes_removed).Append(sql::kRemoveWakes, statements);
  std::move(tables.wakes_added).Append(sql::kAddWakes, statements);
  return statements;
}

CommitResult OutcomeOf(const PgAnswer& answer) {
  switch (answer.kind) {
    case PgAnswer::Kind::kDone:
      return {CommitOutcome::kCommitted, ""};
    case PgAnswer::Kind::kNotSent:
      return {CommitOutcome::kFailed, answer.message};
    case PgAnswer::Kind::kLost:
      return {CommitOutcome::kUnknown, answer.message};
    case PgAnswer::Kind::kError:
      break;
  }
  if (answer.failed_statement == 0 && answer.sqlstate == sql::kDivisionByZero) {
    return {CommitOutcome::kFenced, "the writer's row has another epoch or batch"};
  }
  return {IsRefusal(answer.sqlstate) ? CommitOutcome::kRefused : CommitOutcome::kFailed, answer.message};
}

}  // namespace perdure::persistence
