#include <algorithm>
#include <utility>

#include "persistence/memory/tables.h"
#include "persistence/micros.h"

namespace perdure::persistence {
namespace {

Uuid Complement(const Uuid& id) {
  Uuid result;
  for (size_t i = 0; i < id.bytes.size(); ++i) result.bytes[i] = static_cast<uint8_t>(~id.bytes[i]);
  return result;
}

bool HoldsEvent(const HistoryRow& row, int64_t from, int64_t to) {
  return row.event_count > 0 && row.first_event_id < to && row.first_event_id + row.event_count > from;
}

}  // namespace

LeaseAnswer MemoryTables::RenewLease(const NodeRow& node, absl::Time now, absl::Duration duration) {
  Transaction transaction;
  transaction.undo.emplace_back([this, old = leases_] { leases_ = old; });
  LeaseAnswer answer = leases_.Renew(node, now, duration);
  Remember(std::move(transaction));
  return answer;
}

void MemoryTables::EndLease(const Uuid& incarnation) {
  Transaction transaction;
  transaction.undo.emplace_back([this, old = leases_] { leases_ = old; });
  leases_.End(incarnation);
  Remember(std::move(transaction));
}

absl::Status MemoryTables::PutNamespace(NamespaceRow row, int64_t expected_version) {
  for (const auto& [id, stored] : namespaces_) {
    if (stored.name == row.name && id != row.id)
      return absl::AlreadyExistsError("the namespace's name is taken");
  }
  std::optional<NamespaceRow> old;
  if (auto found = namespaces_.find(row.id); found != namespaces_.end()) old = found->second;
  if (expected_version == 0) {
    if (old) return absl::AlreadyExistsError("the namespace's id is taken");
  } else if (!old || old->version != expected_version) {
    return absl::AbortedError("the namespace has another version");
  }
  Transaction transaction;
  transaction.undo.emplace_back([this, id = row.id, old] {
    namespaces_.erase(id);
    if (old) namespaces_.emplace(id, *old);
  });
  namespaces_[row.id] = std::move(row);
  Remember(std::move(transaction));
  return absl::OkStatus();
}

absl::StatusOr<bool> MemoryTables::RemoveNamespace(const Uuid& id, int64_t expected_version) {
  const auto found = namespaces_.find(id);
  if (found == namespaces_.end()) return false;
  if (found->second.version != expected_version) {
    return absl::AbortedError("the namespace has another version");
  }
  Transaction transaction;
  transaction.undo.emplace_back([this, old = found->second] { namespaces_.emplace(old.id, old); });
  namespaces_.erase(found);
  Remember(std::move(transaction));
  return true;
}

Uuid MemoryTables::ClusterId(const Uuid& candidate) {
  if (!cluster_id_) {
    cluster_id_ = candidate;
    Transaction transaction;
    transaction.undo.emplace_back([this] { cluster_id_.reset(); });
    Remember(std::move(transaction));
  }
  return *cluster_id_;
}

std::vector<StoredRun> MemoryTables::LoadRuns(const LoadQuery& query) const {
  std::vector<StoredRun> runs;
  size_t bytes = 0;
  for (const RunKey& key : query.keys) {
    StoredRun& run = runs.emplace_back(LoadRun(key, query.due_by));
    if (run.found != StoredRun::Found::kRun) continue;
    if (bytes >= query.max_bytes) {
      run = {};
      run.key = key;
      run.found = StoredRun::Found::kLater;
      continue;
    }
    if (run.snapshot) bytes += run.snapshot->state.size();
    for (const HistoryRow& row : run.rows) bytes += row.events.size() + row.changes.size();
  }
  return runs;
}

StoredRun MemoryTables::LoadRun(const RunKey& key, std::optional<absl::Time> due_by) const {
  StoredRun result;
  result.key = key;
  auto found = runs_.find(key);
  if (found == runs_.end()) return result;
  const Run& run = *found->second;
  if (!run.execution) {
    if (!run.history.empty()) result.size.last_event_id = run.history.back().first_event_id;
    return result;
  }
  const ExecutionRow& row = *run.execution;
  result.delete_at = row.delete_at;
  result.current = row.current;
  if (due_by && row.delete_at && *row.delete_at <= *due_by) {
    result.found = StoredRun::Found::kDue;
    result.size = {row.history_length, row.state_transition_count, row.history_size_bytes};
    return result;
  }
  result.found = StoredRun::Found::kRun;
  result.snapshot = run.snapshot;
  const int64_t folded = run.snapshot ? run.snapshot->sequence : 0;
  result.rows.assign(FirstAfter(run.history, folded), run.history.end());
  return result;
}

int64_t MemoryTables::CountHistoryRows(const RunKey& key) const {
  const auto found = runs_.find(key);
  return found == runs_.end() ? 0 : static_cast<int64_t>(found->second->history.size());
}

std::string MemoryTables::Contents() const {
  size_t executions = 0;
  size_t snapshots = 0;
  size_t history = 0;
  size_t wakes = 0;
  for (const auto& [key, run] : runs_) {
    executions += run->execution ? 1 : 0;
    snapshots += run->snapshot ? 1 : 0;
    history += run->history.size();
    wakes += run->wakes.size();
  }
  std::string contents;
  for (const auto& [table, rows] : {std::pair<const char*, size_t>("executions", executions),
                                    {"history rows", history},
                                    {"snapshots", snapshots},
                                    {"wakes", std::max(wakes, wakes_.size())},
                                    {"current runs", current_.size()},
                                    {"rows of lists", list_.size()}}) {
    if (rows > 0) contents += (contents.empty() ? "" : ", ") + std::to_string(rows) + " " + table;
  }
  return contents;
}

std::optional<Uuid> MemoryTables::FindCurrentRun(const EntityKey& key) const {
  auto found = current_.find(key);
  if (found == current_.end()) return std::nullopt;
  return found->second;
}

std::vector<HistoryRow> MemoryTables::ReadHistory(const HistoryQuery& query) const {
  std::vector<HistoryRow> rows;
  auto found = runs_.find(query.key);
  if (found == runs_.end()) return rows;
  size_t bytes = 0;
  auto take = [&](const auto& begin, const auto& end) {
    for (auto row = begin; row != end && (rows.empty() || bytes < query.max_bytes); ++row) {
      if (!HoldsEvent(*row, query.from_event_id, query.to_event_id)) continue;
      rows.push_back(*row);
      bytes += row->events.size();
    }
  };
  const std::vector<HistoryRow>& history = found->second->history;
  if (query.reverse) {
    take(history.rbegin(), history.rend());
  } else {
    // Rows are in the order of their first events: skip what lies before the page.
    auto begin = std::partition_point(history.begin(), history.end(), [&](const HistoryRow& row) {
      return row.first_event_id + row.event_count <= query.from_event_id;
    });
    take(begin, history.end());
  }
  return rows;
}

std::vector<WakeRow> MemoryTables::ReadWakes(const WakeQuery& query) const {
  std::vector<WakeRow> rows;
  auto wake = wakes_.begin();
  if (query.after) {
    WakeRow after = *query.after;
    after.at = FromMicros(ToMicros(after.at));
    wake = wakes_.upper_bound(after);
  }
  for (; wake != wakes_.end() && wake->at <= query.not_after && rows.size() < query.limit; ++wake) {
    auto owner = owners_.find(wake->run.shard);
    if (owner != owners_.end() && owner->second == query.writer_id) rows.push_back(*wake);
  }
  return rows;
}

MemoryTables::ListKey MemoryTables::ListKeyOf(const RunKey& key, const ExecutionRow& row) {
  return {row.namespace_id, key.kind, ~CloseMicros(row.close_time), ~ToMicros(row.start_time),
          Complement(key.run_id)};
}

MemoryTables::ListKey MemoryTables::ListKeyOf(const VisibilityQuery& query) {
  const ListCursor& cursor = query.after.value();
  return {query.namespace_id, query.kind, ~CloseMicros(cursor.close_time), ~ToMicros(cursor.start_time),
          Complement(cursor.run_id)};
}

absl::btree_map<MemoryTables::ListKey, ListedRow>::const_iterator MemoryTables::ListBegin(
    const VisibilityQuery& query) const {
  constexpr int64_t kFirst = std::numeric_limits<int64_t>::min();
  return list_.lower_bound({query.namespace_id, query.kind, kFirst, kFirst, Uuid{}});
}

std::vector<ListedRow> MemoryTables::Listed(const VisibilityQuery& query) const {
  const bool all_match =
      query.filter.kind == Filter::Kind::kAll && query.filter.parts.empty() && !query.shard;
  const bool cut = all_match && query.page_size > 0 && query.page_size < list_.size();
  const size_t most = cut ? query.page_size + 1 : list_.size();
  std::vector<ListedRow> rows;
  auto entry = query.after ? list_.upper_bound(ListKeyOf(query)) : ListBegin(query);
  for (; entry != list_.end() && rows.size() < most; ++entry) {
    if (entry->first.namespace_id != query.namespace_id || entry->first.kind != query.kind) break;
    rows.push_back(entry->second);
  }
  return rows;
}

std::vector<NamespaceRow> MemoryTables::ListNamespaces() const {
  std::vector<NamespaceRow> rows;
  for (const auto& [id, row] : namespaces_) rows.push_back(row);
  return rows;
}

}  // namespace perdure::persistence
