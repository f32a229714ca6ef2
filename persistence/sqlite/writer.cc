#include "persistence/sqlite/writer.h"

#include "persistence/micros.h"
#include "persistence/sqlite/entries.h"
#include "persistence/sqlite/statements.h"

namespace perdure::persistence {

namespace sql = sqlite_statements;

absl::StatusOr<bool> SqliteWriter::InTransaction(absl::FunctionRef<absl::StatusOr<bool>()> body) {
  if (!Run(sql::kBegin)) return connection_->ReadStatus();
  absl::StatusOr<bool> commit = body();
  if (commit.ok() && *commit && !Run(sql::kCommit)) commit = connection_->ReadStatus();
  RollBack();
  return commit;
}

void SqliteWriter::RollBack() {
  if (connection_->in_transaction()) Run(sql::kRollback);
}

absl::StatusOr<FencedWriter> SqliteWriter::Fence(uint32_t writer_id, const std::optional<Tenure>& tenure) {
  FencedWriter fenced;
  fenced.writer.id = writer_id;
  const absl::StatusOr<bool> done = InTransaction([&]() -> absl::StatusOr<bool> {
    if (absl::Status owner = CheckOwner(tenure); !owner.ok()) return owner;
    if (!Run(sql::kAddWriter, int64_t{writer_id})) return connection_->ReadStatus();
    SqliteStatement* raise = connection_->Prepared(sql::kRaiseEpoch);
    if (raise == nullptr || raise->Bind(int64_t{writer_id}).Step() != SQLITE_ROW)
      return connection_->ReadStatus();
    fenced.writer.epoch = static_cast<uint64_t>(raise->Int(0));
    fenced.last_batch = static_cast<uint64_t>(raise->Int(1));
    raise->Reset();
    return true;
  });
  if (!done.ok()) return done.status();
  return fenced;
}

absl::StatusOr<FencedWriter> SqliteWriter::AskWriter(uint32_t writer_id) {
  FencedWriter asked;
  asked.writer.id = writer_id;
  const absl::StatusOr<bool> found = First(
      sql::kAskWriter,
      [&asked](const SqliteStatement& row) {
        asked.writer.epoch = static_cast<uint64_t>(row.Int(0));
        asked.last_batch = static_cast<uint64_t>(row.Int(1));
      },
      int64_t{writer_id});
  if (!found.ok()) return found.status();
  return asked;
}

absl::StatusOr<bool> SqliteWriter::TakeShards(const Writer& writer, const std::vector<ShardId>& shards,
                                              const std::optional<Tenure>& tenure) {
  absl::StatusOr<bool> taken = InTransaction([&]() -> absl::StatusOr<bool> {
    if (absl::Status owner = CheckOwner(tenure); !owner.ok()) return owner;
    SqliteStatement* current = connection_->Prepared(sql::kIsCurrentWriter);
    if (current == nullptr) return connection_->ReadStatus();
    const int step = current->Bind(int64_t{writer.id}, static_cast<int64_t>(writer.epoch)).Step();
    current->Reset();
    if (step == SQLITE_DONE) return false;
    if (step != SQLITE_ROW) return connection_->ReadStatus();
    for (const ShardId shard : shards) {
      if (!Run(sql::kFenceOwner, int64_t{shard}, int64_t{writer.id}) ||
          !Run(sql::kTakeShard, int64_t{shard}, int64_t{writer.id})) {
        return connection_->ReadStatus();
      }
    }
    return true;
  });
  if (taken.ok() && !*taken) return absl::FailedPreconditionError("the writer was fenced by another");
  return taken;
}

CommitResult SqliteWriter::Commit(const Batch& batch) {
  if (!Run(sql::kBegin)) return Failed(/*committing=*/false);
  if (!Run(sql::kMoveBatch, int64_t{batch.writer.id}, static_cast<int64_t>(batch.writer.epoch),
           static_cast<int64_t>(batch.number))) {
    return Failed(/*committing=*/false);
  }
  if (connection_->changes() == 0) {
    RollBack();
    return {CommitOutcome::kFenced, "the writer's row has another epoch or batch"};
  }
  if (!Write(batch)) return Failed(/*committing=*/false);
  if (!Run(sql::kCommit)) return Failed(/*committing=*/true);
  return {CommitOutcome::kCommitted, ""};
}

CommitResult SqliteWriter::Failed(bool committing) {
  CommitResult result = connection_->WriteResult(committing);
  RollBack();
  return result;
}

bool SqliteWriter::Write(const Batch& batch) {
  // What frees the place of a current run comes before what takes one.
  auto each = [&batch](auto write_one) {
    for (const WriteGroup& group : batch.groups) {
      for (const RunWrite& write : group.runs) {
        if (!write_one(write)) return false;
      }
    }
    return true;
  };
  return each([this](const RunWrite& write) { return Free(write); }) && each([this](const RunWrite& write) {
           return write.deleted || !write.execution || write.execution->current || PutExecution(write);
         }) &&
         each([this](const RunWrite& write) {
           return write.deleted || !write.execution || !write.execution->current || PutExecution(write);
         }) &&
         each([this](const RunWrite& write) { return Append(write); });
}

bool SqliteWriter::Free(const RunWrite& write) {
  const int64_t shard = write.key.shard;
  const int64_t kind = write.key.kind;
  if (write.deleted) {
    return Run(sql::kDeleteHistory, shard, kind, write.key.run_id, write.deleted->from_event_id,
               write.deleted->below_event_id) &&
           Run(sql::kDeleteSnapshot, shard, kind, write.key.run_id) &&
           Run(sql::kDeleteExecution, shard, kind, write.key.run_id);
  }
  return !write.no_longer_current || Run(sql::kClearCurrent, shard, kind, write.key.run_id);
}

bool SqliteWriter::PutExecution(const RunWrite& write) {
  const ExecutionRow& row = *write.execution;
  const NamedRun parent = row.parent.value_or(NamedRun{});
  const NamedRun root = row.root.value_or(NamedRun{});
  const std::string entries = FramedEntries(row.entries);
  return Run(sql::kPutExecution, int64_t{write.key.shard}, int64_t{write.key.kind}, write.key.run_id,
             row.namespace_id, row.id, int64_t{row.current}, int64_t{row.status}, row.type, row.queue,
             ToMicros(row.start_time), ToMicros(row.execution_time), CloseMicros(row.close_time),
             row.history_length, row.history_size_bytes, row.state_transition_count, row.memo,
             row.search_attributes, row.extra, DeleteMicros(row.delete_at), parent.id, parent.run_id, root.id,
             root.run_id, entries);
}

bool SqliteWriter::Append(const RunWrite& write) {
  const int64_t shard = write.key.shard;
  const int64_t kind = write.key.kind;
  const Uuid& run_id = write.key.run_id;
  for (const absl::Time at : write.wakes_removed) {
    if (!Run(sql::kRemoveWake, ToMicros(at), shard, kind, run_id)) return false;
  }
  if (write.deleted) return true;
  for (const HistoryRow& row : write.history) {
    if (!Stays(row, write)) continue;
    if (!Run(sql::kAppendHistory, shard, kind, run_id, row.first_event_id, row.sequence,
             int64_t{row.event_count}, row.events, row.changes)) {
      return false;
    }
  }
  if (write.snapshot && !PutSnapshot(write)) return false;
  for (const absl::Time at : write.wakes_added) {
    if (!Run(sql::kAddWake, ToMicros(at), shard, kind, run_id)) return false;
  }
  return true;
}

bool SqliteWriter::PutSnapshot(const RunWrite& write) {
  const int64_t shard = write.key.shard;
  const int64_t kind = write.key.kind;
  const Uuid& run_id = write.key.run_id;
  const SnapshotRow& row = *write.snapshot;
  return Run(sql::kCompactHistory, shard, kind, run_id, row.sequence, row.next_event_id) &&
         Run(sql::kPutSnapshot, shard, kind, run_id, row.sequence, row.next_event_id, row.state);
}

absl::StatusOr<bool> SqliteWriter::PutNamespace(const NamespaceRow& row, int64_t expected_version) {
  const bool written =
      expected_version == 0
          ? Run(sql::kAddNamespace, row.id, row.name, row.version, row.data)
          : Run(sql::kPutNamespace, row.id, row.name, row.version, row.data, expected_version);
  if (!written) {
    if ((connection_->error_code() & 0xff) != SQLITE_CONSTRAINT) return connection_->ReadStatus();
    return absl::AlreadyExistsError("the namespace's name or id is taken");
  }
  if (connection_->changes() == 0) return absl::AbortedError("the namespace has another version");
  return true;
}

absl::StatusOr<bool> SqliteWriter::RemoveNamespace(const Uuid& id, int64_t expected_version) {
  if (!Run(sql::kRemoveNamespace, id, expected_version)) return connection_->ReadStatus();
  if (connection_->changes() > 0) return true;
  SqliteStatement* read = connection_->Prepared(sql::kHasNamespace);
  if (read == nullptr) return connection_->ReadStatus();
  const int found = read->Bind(id).Step();
  read->Reset();
  if (found == SQLITE_ROW) return absl::AbortedError("the namespace has another version");
  if (found != SQLITE_DONE) return connection_->ReadStatus();
  return false;
}

absl::StatusOr<Uuid> SqliteWriter::ClusterId(const Uuid& candidate) {
  if (!Run(sql::kOfferClusterId, candidate)) return connection_->ReadStatus();
  SqliteStatement* read = connection_->Prepared(sql::kClusterId);
  if (read == nullptr || read->Bind().Step() != SQLITE_ROW) return connection_->ReadStatus();
  const Uuid id = read->Id(0);
  read->Reset();
  return id;
}

}  // namespace perdure::persistence
