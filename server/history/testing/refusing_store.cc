#include "server/history/testing/refusing_store.h"

#include <algorithm>
#include <vector>

namespace perdure::server::testing {

using persistence::Callback;

class RefusingStore::Session final : public persistence::Session {
 public:
  Session(RefusingStore& store, Executor& home, std::unique_ptr<persistence::Session> behind)
      : store_(store), home_(home), behind_(std::move(behind)) {}

  void Commit(persistence::Batch batch,
              absl::AnyInvocable<void(persistence::CommitResult) &&> done) override {
    for (const persistence::WriteGroup& group : batch.groups) {
      for (const persistence::RunWrite& write : group.runs) {
        if (!store_.refuses || !store_.refuses(write)) continue;
        ++store_.refused_batches;
        home_.Post([done = std::move(done)]() mutable {
          std::move(done)({persistence::CommitOutcome::kRefused, "invalid byte sequence"});
        });
        return;
      }
    }
    behind_->Commit(std::move(batch), std::move(done));
  }

  void ActFor(const std::optional<persistence::Tenure>& tenure) override { behind_->ActFor(tenure); }
  void OnDisconnect(absl::AnyInvocable<void()> lost) override { behind_->OnDisconnect(std::move(lost)); }
  void AskWriter(uint32_t writer_id, Callback<persistence::FencedWriter> done) override {
    behind_->AskWriter(writer_id, std::move(done));
  }
  void Fence(uint32_t writer_id, Callback<persistence::FencedWriter> done) override {
    behind_->Fence(writer_id, std::move(done));
  }
  void TakeShards(const persistence::Writer& writer, std::vector<ShardId> shards,
                  Callback<bool> done) override {
    behind_->TakeShards(writer, std::move(shards), std::move(done));
  }
  void LoadRuns(persistence::LoadQuery query, Callback<std::vector<persistence::StoredRun>> done) override {
    if (store_.unreadable && std::any_of(query.keys.begin(), query.keys.end(), store_.unreadable)) {
      home_.Post(
          [done = std::move(done)]() mutable { std::move(done)(absl::InternalError("malformed data")); });
      return;
    }
    behind_->LoadRuns(std::move(query), std::move(done));
  }
  void FindCurrentRuns(std::vector<persistence::EntityKey> keys,
                       Callback<std::vector<std::optional<Uuid>>> done) override {
    behind_->FindCurrentRuns(std::move(keys), std::move(done));
  }
  void ReadHistory(persistence::HistoryQuery query,
                   Callback<std::vector<persistence::HistoryRow>> done) override {
    behind_->ReadHistory(query, std::move(done));
  }
  void ReadWakes(persistence::WakeQuery query, Callback<std::vector<persistence::WakeRow>> done) override {
    behind_->ReadWakes(query, std::move(done));
  }
  void ListExecutions(persistence::VisibilityQuery query,
                      Callback<persistence::VisibilityPage> done) override {
    behind_->ListExecutions(std::move(query), std::move(done));
  }
  void CountExecutions(persistence::VisibilityQuery query,
                       Callback<std::vector<persistence::CountGroup>> done) override {
    behind_->CountExecutions(std::move(query), std::move(done));
  }
  void RenewLease(const persistence::NodeRow& node, absl::Duration duration,
                  Callback<persistence::LeaseAnswer> done) override {
    behind_->RenewLease(node, duration, std::move(done));
  }
  void EndLease(const Uuid& incarnation, Callback<bool> done) override {
    behind_->EndLease(incarnation, std::move(done));
  }
  void PutNamespace(persistence::NamespaceRow row, int64_t expected_version, Callback<bool> done) override {
    behind_->PutNamespace(std::move(row), expected_version, std::move(done));
  }
  void ListNamespaces(Callback<std::vector<persistence::NamespaceRow>> done) override {
    behind_->ListNamespaces(std::move(done));
  }
  void ClusterId(const Uuid& candidate, Callback<Uuid> done) override {
    behind_->ClusterId(candidate, std::move(done));
  }

 private:
  RefusingStore& store_;
  Executor& home_;
  const std::unique_ptr<persistence::Session> behind_;
};

std::unique_ptr<persistence::Session> RefusingStore::OpenSession(Executor& home) {
  return std::make_unique<Session>(*this, home, behind_.OpenSession(home));
}

}  // namespace perdure::server::testing
