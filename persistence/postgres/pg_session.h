// A session of the PostgreSQL store: turns calls into exchanges on the store's loop, and answers into
// callbacks at home. Thread safety: as Session. Its connection lives on the store's loop and ends there.
#pragma once

#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "persistence/mailbox.h"
#include "persistence/postgres/pg_shared.h"
#include "persistence/store.h"

namespace perdure::persistence {

class PgSession final : public Session {
 public:
  // `shared` outlives the session.
  PgSession(PgShared& shared, Executor& home);
  ~PgSession() override;

  void ActFor(const std::optional<Tenure>& tenure) override { tenure_ = tenure; }
  void OnDisconnect(absl::AnyInvocable<void()> lost) override;
  void Fence(uint32_t writer_id, Callback<FencedWriter> done) override;
  void AskWriter(uint32_t writer_id, Callback<FencedWriter> done) override;
  void TakeShards(const Writer& writer, std::vector<ShardId> shards, Callback<bool> done) override;
  void Commit(Batch batch, absl::AnyInvocable<void(CommitResult) &&> done) override;
  void LoadRuns(LoadQuery query, Callback<std::vector<StoredRun>> done) override;
  void FindCurrentRuns(std::vector<EntityKey> keys, Callback<std::vector<std::optional<Uuid>>> done) override;
  void ReadHistory(HistoryQuery query, Callback<std::vector<HistoryRow>> done) override;
  void ReadWakes(WakeQuery query, Callback<std::vector<WakeRow>> done) override;
  void ListExecutions(VisibilityQuery query, Callback<VisibilityPage> done) override;
  void CountExecutions(VisibilityQuery query, Callback<std::vector<CountGroup>> done) override;
  void RenewLease(const NodeRow& node, absl::Duration duration, Callback<LeaseAnswer> done) override;
  void EndLease(const Uuid& incarnation, Callback<bool> done) override;
  void PutNamespace(NamespaceRow row, int64_t expected_version, Callback<bool> done) override;
  void RemoveNamespace(const Uuid& id, int64_t expected_version, Callback<bool> done) override;
  void ListNamespaces(Callback<std::vector<NamespaceRow>> done) override;
  void ClusterId(const Uuid& candidate, Callback<Uuid> done) override;

 private:
  enum class On { kWriter, kReader, kLister, kControl };

  // `convert` turns the answer into the result, on the loop.
  template <typename T, typename Convert>
  void Ask(On on, std::string_view operation, std::vector<PgStatement> statements, Callback<T> done,
           Convert convert);

  PgShared& shared_;
  std::shared_ptr<Mailbox> mailbox_;
  std::optional<Tenure> tenure_;
  std::shared_ptr<PgConnection> writer_;  // on the loop
};

}  // namespace perdure::persistence
