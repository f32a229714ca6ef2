// A session that passes everything on to another one: what a store of a test does otherwise it overrides.
// Thread safety and contract as persistence::Session.
#pragma once

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "persistence/store.h"

namespace perdure::server::testing {

class ForwardingSession : public persistence::Session {
 public:
  template <typename T>
  using Callback = persistence::Callback<T>;

  explicit ForwardingSession(std::unique_ptr<persistence::Session> behind) : behind_(std::move(behind)) {}

  void ActFor(const std::optional<persistence::Tenure>& tenure) override { behind_->ActFor(tenure); }
  void OnDisconnect(absl::AnyInvocable<void()> lost) override { behind_->OnDisconnect(std::move(lost)); }
  void Fence(uint32_t writer_id, Callback<persistence::FencedWriter> done) override {
    behind_->Fence(writer_id, std::move(done));
  }
  void AskWriter(uint32_t writer_id, Callback<persistence::FencedWriter> done) override {
    behind_->AskWriter(writer_id, std::move(done));
  }
  void TakeShards(const persistence::Writer& writer, std::vector<ShardId> shards,
                  Callback<bool> done) override {
    behind_->TakeShards(writer, std::move(shards), std::move(done));
  }
  void Commit(persistence::Batch batch,
              absl::AnyInvocable<void(persistence::CommitResult) &&> done) override {
    behind_->Commit(std::move(batch), std::move(done));
  }
  void LoadRuns(persistence::LoadQuery query, Callback<std::vector<persistence::StoredRun>> done) override {
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
  void RemoveNamespace(const Uuid& id, int64_t expected_version, Callback<bool> done) override {
    behind_->RemoveNamespace(id, expected_version, std::move(done));
  }
  void ListNamespaces(Callback<std::vector<persistence::NamespaceRow>> done) override {
    behind_->ListNamespaces(std::move(done));
  }
  void ClusterId(const Uuid& candidate, Callback<Uuid> done) override {
    behind_->ClusterId(candidate, std::move(done));
  }

 protected:
  persistence::Session& behind() { return *behind_; }

 private:
  const std::unique_ptr<persistence::Session> behind_;
};

}  // namespace perdure::server::testing
