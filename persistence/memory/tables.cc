#include "persistence/memory/tables.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "persistence/micros.h"

namespace perdure::persistence {
namespace {

absl::Time Truncated(absl::Time time) { return FromMicros(ToMicros(time)); }

ExecutionRow Truncated(ExecutionRow row) {
  row.start_time = Truncated(row.start_time);
  row.execution_time = Truncated(row.execution_time);
  if (row.close_time) row.close_time = Truncated(*row.close_time);
  if (row.delete_at) row.delete_at = Truncated(*row.delete_at);
  return row;
}

int64_t NextEventId(const HistoryRow& row) { return row.first_event_id + row.event_count; }

bool BySequence(const HistoryRow& left, const HistoryRow& right) { return left.sequence < right.sequence; }

EntityKey EntityKeyOf(const RunKey& key, const ExecutionRow& row) {
  return {key.shard, row.namespace_id, row.id, key.kind};
}

}  // namespace

std::vector<HistoryRow>::const_iterator MemoryTables::FirstAfter(const std::vector<HistoryRow>& history,
                                                                 int64_t sequence) {
  return std::partition_point(history.begin(), history.end(),
                              [&](const HistoryRow& row) { return row.sequence <= sequence; });
}

absl::Status MemoryTables::CheckOwner(const std::optional<Tenure>& tenure) const {
  if (!tenure || leases_.Owns(*tenure)) return absl::OkStatus();
  return absl::FailedPreconditionError("another node owns the shards");
}

absl::StatusOr<FencedWriter> MemoryTables::Fence(uint32_t writer_id, const std::optional<Tenure>& tenure) {
  if (absl::Status owner = CheckOwner(tenure); !owner.ok()) return owner;
  Transaction transaction;
  const WriterState state = Raise(writer_id, transaction);
  Remember(std::move(transaction));
  return FencedWriter{{writer_id, state.epoch}, state.batch};
}

FencedWriter MemoryTables::AskWriter(uint32_t writer_id) const {
  WriterState state;
  if (auto found = writers_.find(writer_id); found != writers_.end()) state = found->second;
  return {{writer_id, state.epoch}, state.batch};
}

MemoryTables::WriterState MemoryTables::Raise(uint32_t writer_id, Transaction& transaction) {
  WriterState state;
  if (auto found = writers_.find(writer_id); found != writers_.end()) state = found->second;
  ++state.epoch;
  PutWriter(writer_id, state, transaction);
  return state;
}

std::vector<uint32_t> MemoryTables::OtherOwners(uint32_t writer_id,
                                                const std::vector<ShardId>& shards) const {
  absl::btree_set<uint32_t> others;
  for (const ShardId shard : shards) {
    auto owner = owners_.find(shard);
    if (owner != owners_.end() && owner->second != writer_id) others.insert(owner->second);
  }
  return {others.begin(), others.end()};
}

absl::Status MemoryTables::TakeShards(const Writer& writer, const std::vector<ShardId>& shards,
                                      const std::optional<Tenure>& tenure) {
  if (absl::Status owner = CheckOwner(tenure); !owner.ok()) return owner;
  auto own = writers_.find(writer.id);
  if (own == writers_.end() || own->second.epoch != writer.epoch) {
    return absl::FailedPreconditionError("the writer was fenced by another");
  }
  Transaction transaction;
  for (const uint32_t other : OtherOwners(writer.id, shards)) Raise(other, transaction);
  for (const ShardId shard : shards) PutOwner(shard, writer.id, transaction);
  Remember(std::move(transaction));
  return absl::OkStatus();
}

CommitResult MemoryTables::Commit(const Batch& batch) {
  auto own = writers_.find(batch.writer.id);
  if (own == writers_.end() || own->second.epoch != batch.writer.epoch ||
      own->second.batch + 1 != batch.number) {
    return {CommitOutcome::kFenced, "the writer's row has another epoch or batch"};
  }
  Transaction transaction;
  transaction.is_batch = true;
  PutWriter(batch.writer.id, WriterState{batch.writer.epoch, batch.number}, transaction);
  const absl::Status applied = ApplyGroups(batch.groups, transaction);
  if (!applied.ok()) {
    TakeBack(transaction);
    return {CommitOutcome::kRefused, std::string(applied.message())};
  }
  Remember(std::move(transaction));
  return {CommitOutcome::kCommitted, ""};
}

absl::Status MemoryTables::ApplyGroups(const std::vector<WriteGroup>& groups, Transaction& transaction) {
  std::vector<const RunWrite*> writes;
  for (const WriteGroup& group : groups) {
    for (const RunWrite& write : group.runs) writes.push_back(&write);
  }
  // What frees the place of a current run comes before what takes one.
  for (const RunWrite* write : writes) {
    if (write->deleted) {
      Delete(write->key, *write->deleted, transaction);
      for (const absl::Time at : write->wakes_removed) RemoveWake(write->key, Truncated(at), transaction);
      continue;
    }
    auto run = runs_.find(write->key);
    if (!write->no_longer_current || run == runs_.end() || !run->second->execution) continue;
    ExecutionRow row = *run->second->execution;
    row.current = false;
    if (absl::Status put = PutExecution(write->key, std::move(row), transaction); !put.ok()) return put;
  }
  for (const bool current : {false, true}) {
    for (const RunWrite* write : writes) {
      if (write->deleted || !write->execution || write->execution->current != current) continue;
      absl::Status put = PutExecution(write->key, Truncated(*write->execution), transaction);
      if (!put.ok()) return put;
    }
  }
  for (const RunWrite* write : writes) {
    if (write->deleted) continue;
    for (const HistoryRow& row : write->history) {
      if (absl::Status appended = Append(write->key, row, transaction); !appended.ok()) return appended;
    }
    if (write->snapshot) {
      absl::Status put = PutSnapshot(write->key, *write->snapshot, transaction);
      if (!put.ok()) return put;
    }
    for (const absl::Time at : write->wakes_removed) RemoveWake(write->key, Truncated(at), transaction);
    for (const absl::Time at : write->wakes_added) AddWake(write->key, Truncated(at), transaction);
  }
  return absl::OkStatus();
}

void MemoryTables::Delete(const RunKey& key, const Deletion& part, Transaction& transaction) {
  const auto found = runs_.find(key);
  if (found == runs_.end()) return;
  Run& run = *found->second;
  if (run.execution) {
    transaction.undo.emplace_back([this, key, old = run.execution] { IndexExecution(key, old); });
    IndexExecution(key, nullptr);
  }
  if (run.snapshot) {
    transaction.undo.emplace_back([this, key, old = *run.snapshot] { At(key).snapshot = old; });
    run.snapshot.reset();
  }
  const auto from = [&](int64_t event_id) {
    return std::partition_point(run.history.begin(), run.history.end(),
                                [&](const HistoryRow& row) { return row.first_event_id < event_id; });
  };
  RemoveRows(key, from(part.from_event_id), from(part.below_event_id), transaction);
  if (run.history.empty()) {
    transaction.undo.emplace_back(
        [this, key, last = std::exchange(run.last_sequence, 0)] { At(key).last_sequence = last; });
  }
  DropIfEmpty(key);
}

absl::Status MemoryTables::Append(const RunKey& key, const HistoryRow& row, Transaction& transaction) {
  Run& run = At(key);
  const int64_t last = run.last_sequence;
  if (row.sequence != last + 1 || (last > 0 && row.first_event_id != NextEventIdAfter(run, last))) {
    DropIfEmpty(key);
    return absl::InvalidArgumentError(absl::StrCat("history row ", row.sequence, " from event ",
                                                   row.first_event_id, " on does not follow row ", last));
  }
  run.history.push_back(row);
  run.last_sequence = row.sequence;
  transaction.undo.emplace_back([this, key, last] {
    Run& undone = At(key);
    undone.history.pop_back();
    undone.last_sequence = last;
    DropIfEmpty(key);
  });
  return absl::OkStatus();
}

absl::Status MemoryTables::PutExecution(const RunKey& key, ExecutionRow row, Transaction& transaction) {
  if (row.current) {
    auto current = current_.find(EntityKeyOf(key, row));
    if (current != current_.end() && current->second != key.run_id) {
      return absl::InvalidArgumentError("a second current run of one id");
    }
  }
  auto run = runs_.find(key);
  ExecutionRowPtr old;
  if (run != runs_.end()) old = run->second->execution;
  IndexExecution(key, std::make_shared<const ExecutionRow>(std::move(row)));
  transaction.undo.emplace_back([this, key, old = std::move(old)]() mutable {
    IndexExecution(key, std::move(old));
    DropIfEmpty(key);
  });
  return absl::OkStatus();
}

int64_t MemoryTables::NextEventIdAfter(const Run& run, int64_t sequence) {
  // The rows that are gone have no events. An entity of a kind without any may have no row left.
  constexpr int64_t kFirstEventId = 1;
  const auto after = FirstAfter(run.history, sequence);
  return after == run.history.begin() ? kFirstEventId : NextEventId(*std::prev(after));
}

absl::Status MemoryTables::PutSnapshot(const RunKey& key, const SnapshotRow& row, Transaction& transaction) {
  Run& run = At(key);
  const int64_t before = run.snapshot ? run.snapshot->sequence : 0;
  const bool fits = row.sequence >= std::max<int64_t>(before, 1) && row.sequence <= run.last_sequence &&
                    row.next_event_id == NextEventIdAfter(run, row.sequence);
  if (!fits) {
    const int64_t last = run.last_sequence;
    DropIfEmpty(key);
    return absl::InvalidArgumentError(absl::StrCat("a snapshot of row ", row.sequence, ", next event ",
                                                   row.next_event_id, ", does not fit a run of ", last,
                                                   " rows"));
  }
  transaction.undo.emplace_back([this, key, old = std::exchange(run.snapshot, row)]() mutable {
    At(key).snapshot = std::move(old);
    DropIfEmpty(key);
  });
  Compact(key, before, transaction);
  return absl::OkStatus();
}

void MemoryTables::Compact(const RunKey& key, int64_t after, Transaction& transaction) {
  Run& run = At(key);
  const auto begin = run.history.begin() + (FirstAfter(run.history, after) - run.history.cbegin());
  const auto end =
      run.history.begin() + (FirstAfter(run.history, run.snapshot->sequence) - run.history.cbegin());
  const auto gone =
      std::stable_partition(begin, end, [](const HistoryRow& row) { return row.event_count > 0; });
  RemoveRows(key, gone, end, transaction);
}

void MemoryTables::RemoveRows(const RunKey& key, HistoryPlace begin, HistoryPlace end,
                              Transaction& transaction) {
  if (begin >= end) return;
  std::vector<HistoryRow> rows(std::make_move_iterator(begin), std::make_move_iterator(end));
  At(key).history.erase(begin, end);
  transaction.undo.emplace_back([this, key, rows = std::move(rows)]() mutable {
    std::vector<HistoryRow>& history = At(key).history;
    std::move(rows.begin(), rows.end(), std::back_inserter(history));
    std::sort(history.begin(), history.end(), BySequence);
  });
}

void MemoryTables::AddWake(const RunKey& key, absl::Time at, Transaction& transaction) {
  if (!At(key).wakes.insert(at).second) return;
  wakes_.insert({at, key});
  transaction.undo.emplace_back([this, key, at] {
    wakes_.erase({at, key});
    At(key).wakes.erase(at);
    DropIfEmpty(key);
  });
}

void MemoryTables::RemoveWake(const RunKey& key, absl::Time at, Transaction& transaction) {
  auto run = runs_.find(key);
  if (run == runs_.end() || run->second->wakes.erase(at) == 0) return;
  wakes_.erase({at, key});
  transaction.undo.emplace_back([this, key, at] {
    At(key).wakes.insert(at);
    wakes_.insert({at, key});
  });
  DropIfEmpty(key);
}

void MemoryTables::PutWriter(uint32_t writer_id, std::optional<WriterState> state, Transaction& transaction) {
  std::optional<WriterState> old;
  if (auto found = writers_.find(writer_id); found != writers_.end()) old = found->second;
  if (state) {
    writers_[writer_id] = *state;
  } else {
    writers_.erase(writer_id);
  }
  transaction.undo.emplace_back([this, writer_id, old] {
    Transaction ignored;
    PutWriter(writer_id, old, ignored);
  });
}

void MemoryTables::PutOwner(ShardId shard, uint32_t writer_id, Transaction& transaction) {
  std::optional<uint32_t> old;
  if (auto found = owners_.find(shard); found != owners_.end()) old = found->second;
  owners_[shard] = writer_id;
  transaction.undo.emplace_back([this, shard, old] {
    if (old) {
      owners_[shard] = *old;
    } else {
      owners_.erase(shard);
    }
  });
}

void MemoryTables::IndexExecution(const RunKey& key, ExecutionRowPtr row) {
  Run& run = At(key);
  if (run.execution) {
    list_.erase(ListKeyOf(key, *run.execution));
    auto current = current_.find(EntityKeyOf(key, *run.execution));
    if (current != current_.end() && current->second == key.run_id) current_.erase(current);
  }
  run.execution = std::move(row);
  if (!run.execution) return;
  list_[ListKeyOf(key, *run.execution)] = {key, run.execution};
  if (run.execution->current) current_[EntityKeyOf(key, *run.execution)] = key.run_id;
}

void MemoryTables::DropIfEmpty(const RunKey& key) {
  auto found = runs_.find(key);
  if (found != runs_.end() && found->second->Empty()) runs_.erase(found);
}

MemoryTables::Run& MemoryTables::At(const RunKey& key) {
  std::unique_ptr<Run>& run = runs_[key];
  if (!run) run = std::make_unique<Run>();
  return *run;
}

void MemoryTables::TakeBack(Transaction& transaction) {
  for (auto undo = transaction.undo.rbegin(); undo != transaction.undo.rend(); ++undo) (*undo)();
  transaction.undo.clear();
}

void MemoryTables::Remember(Transaction transaction) {
  if (remembered_ == 0) return;
  done_.push_back(std::move(transaction));
  if (done_.size() > remembered_) done_.pop_front();
}

size_t MemoryTables::LoseLastBatches(size_t count) {
  size_t lost = 0;
  while (lost < count &&
         std::any_of(done_.begin(), done_.end(), [](const auto& done) { return done.is_batch; })) {
    if (done_.back().is_batch) ++lost;
    TakeBack(done_.back());
    done_.pop_back();
  }
  return lost;
}

}  // namespace perdure::persistence
