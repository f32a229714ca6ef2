// The memory store's rows and their indexes, changed in transactions that can be taken back.
//
// Thread safety: none; the store's mutex guards it.
// Invariant: between calls the indexes (current, visibility, wakes) agree with the runs.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "absl/container/flat_hash_map.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "persistence/batch.h"
#include "persistence/memory/lists.h"
#include "persistence/memory/node_leases.h"
#include "persistence/store.h"

namespace perdure::persistence {

class MemoryTables {
 public:
  explicit MemoryTables(size_t remembered_transactions) : remembered_(remembered_transactions) {}

  // Each of these is one transaction, which can be taken back as a whole.
  absl::StatusOr<FencedWriter> Fence(uint32_t writer_id, const std::optional<Tenure>& tenure);
  absl::Status TakeShards(const Writer& writer, const std::vector<ShardId>& shards,
                          const std::optional<Tenure>& tenure);
  CommitResult Commit(const Batch& batch);
  LeaseAnswer RenewLease(const NodeRow& node, absl::Time now, absl::Duration duration);
  void EndLease(const Uuid& incarnation);
  absl::Status PutNamespace(NamespaceRow row, int64_t expected_version);
  absl::StatusOr<bool> RemoveNamespace(const Uuid& id, int64_t expected_version);
  Uuid ClusterId(const Uuid& candidate);

  // See MemoryStore::LoseLastBatches.
  size_t LoseLastBatches(size_t count);

  // Who would be fenced by TakeShards.
  std::vector<uint32_t> OtherOwners(uint32_t writer_id, const std::vector<ShardId>& shards) const;

  FencedWriter AskWriter(uint32_t writer_id) const;
  std::vector<StoredRun> LoadRuns(const LoadQuery& query) const;
  int64_t CountHistoryRows(const RunKey& key) const;
  std::string Contents() const;
  std::optional<Uuid> FindCurrentRun(const EntityKey& key) const;
  std::vector<HistoryRow> ReadHistory(const HistoryQuery& query) const;
  std::vector<WakeRow> ReadWakes(const WakeQuery& query) const;
  // What ListOf and CountOf go over, as of now: of a page without a filter no more than it needs.
  std::vector<ListedRow> Listed(const VisibilityQuery& query) const;
  std::vector<NamespaceRow> ListNamespaces() const;

 private:
  struct Run {
    ExecutionRowPtr execution;  // null: the run is not there
    std::optional<SnapshotRow> snapshot;
    std::vector<HistoryRow> history;  // by sequence
    int64_t last_sequence = 0;        // of the last row appended, which may be gone
    absl::btree_set<absl::Time> wakes;
    bool Empty() const { return !execution && !snapshot && history.empty() && wakes.empty(); }
  };
  struct WriterState {
    uint64_t epoch = 0;
    uint64_t batch = 0;
  };
  // Ascending order of these is the order of lists: each part is the complement of the column.
  struct ListKey {
    Uuid namespace_id;
    KindNumber kind = 0;
    int64_t close = 0;
    int64_t start = 0;
    Uuid run_id;
    friend auto operator<=>(const ListKey&, const ListKey&) = default;
  };
  using HistoryPlace = std::vector<HistoryRow>::iterator;
  using Undo = absl::AnyInvocable<void()>;
  struct Transaction {
    bool is_batch = false;
    std::vector<Undo> undo;  // taken back from the last to the first
  };

  static std::vector<HistoryRow>::const_iterator FirstAfter(const std::vector<HistoryRow>& history,
                                                            int64_t sequence);
  // The next event id once the row of that sequence has been appended.
  static int64_t NextEventIdAfter(const Run& run, int64_t sequence);
  static ListKey ListKeyOf(const RunKey& key, const ExecutionRow& row);
  // The place of the query's cursor. REQUIRES: it has one.
  static ListKey ListKeyOf(const VisibilityQuery& query);
  absl::btree_map<ListKey, ListedRow>::const_iterator ListBegin(const VisibilityQuery& query) const;

  // Each changes rows and indexes, and adds what takes it back to `transaction`.
  absl::Status ApplyGroups(const std::vector<WriteGroup>& groups, Transaction& transaction);
  void Delete(const RunKey& key, const Deletion& part, Transaction& transaction);
  absl::Status Append(const RunKey& key, const HistoryRow& row, Transaction& transaction);
  absl::Status PutExecution(const RunKey& key, ExecutionRow row, Transaction& transaction);
  absl::Status PutSnapshot(const RunKey& key, const SnapshotRow& row, Transaction& transaction);
  // Removes the rows without events that the run's snapshot covers; `after`: the snapshot before covers.
  void Compact(const RunKey& key, int64_t after, Transaction& transaction);
  void RemoveRows(const RunKey& key, HistoryPlace begin, HistoryPlace end, Transaction& transaction);
  void AddWake(const RunKey& key, absl::Time at, Transaction& transaction);
  void RemoveWake(const RunKey& key, absl::Time at, Transaction& transaction);
  absl::Status CheckOwner(const std::optional<Tenure>& tenure) const;
  WriterState Raise(uint32_t writer_id, Transaction& transaction);
  void PutWriter(uint32_t writer_id, std::optional<WriterState> state, Transaction& transaction);
  void PutOwner(ShardId shard, uint32_t writer_id, Transaction& transaction);

  StoredRun LoadRun(const RunKey& key, std::optional<absl::Time> due_by) const;

  // These change rows and indexes, and note nothing by which that could be taken back.
  void IndexExecution(const RunKey& key, ExecutionRowPtr row);
  void DropIfEmpty(const RunKey& key);
  Run& At(const RunKey& key);

  static void TakeBack(Transaction& transaction);
  void Remember(Transaction transaction);

  const size_t remembered_;
  std::deque<Transaction> done_;

  absl::flat_hash_map<RunKey, std::unique_ptr<Run>> runs_;
  absl::flat_hash_map<EntityKey, Uuid> current_;
  absl::btree_map<ListKey, ListedRow> list_;
  absl::btree_set<WakeRow> wakes_;
  absl::btree_map<uint32_t, WriterState> writers_;
  absl::flat_hash_map<ShardId, uint32_t> owners_;
  NodeLeases leases_;
  absl::btree_map<Uuid, NamespaceRow> namespaces_;
  std::optional<Uuid> cluster_id_;
};

}  // namespace perdure::persistence
