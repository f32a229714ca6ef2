// The namespace registry over a store's session.
//
// Thread safety: as NamespaceRegistry; Load, like everything that touches the session, is passed to its
// executor. Lifetime: session and executor outlive it, and the executor runs nothing of it after it is gone
// (stop the executor first).
#pragma once

#include <memory>

#include "base/limits.h"
#include "base/mutex.h"
#include "server/cluster/namespace_registry.h"

namespace perdure::server {

// What all namespaces together may come to.
struct NamespaceRoom {
  size_t number = limits::kNamespaces;
  size_t bytes = limits::kNamespacesSize;
};

// What the server's configuration says of namespaces.
struct NamespaceDefaults {
  limits::PerNamespace limits;
  bool eager_workflow_start = true;
  bool eager_activities = true;
};

class StoredNamespaces final : public NamespaceRegistry {
 public:
  // `search_attributes`: the custom ones that every namespace has, beside its own.
  StoredNamespaces(persistence::Session& session, Executor& executor,
                   engine::SearchAttributeTypes search_attributes = {}, NamespaceRoom room = {},
                   NamespaceDefaults defaults = {});

  // Reads all of them, also again: another node may have changed some. Until it has answered for the first
  // time, the registry is empty.
  void Load(persistence::Callback<bool> done);

  std::shared_ptr<const NamespaceSnapshot> Snapshot() const override;
  void Register(NamespaceRecord record, persistence::Callback<NamespacePtr> done) override;
  void Update(std::string name, std::function<absl::Status(NamespaceRecord&)> change,
              persistence::Callback<NamespacePtr> done) override;
  void Remove(NamespacePtr name_space, persistence::Callback<bool> done) override;

 private:
  using Change = std::function<absl::Status(NamespaceRecord&)>;

  // All on the executor.
  absl::StatusOr<NamespacePtr> FromRow(const persistence::NamespaceRow& row) const;
  void Reload(persistence::Callback<bool> done);
  void Insert(NamespaceRecord record, persistence::Callback<NamespacePtr> done);
  void ApplyChange(std::string name, Change change, int tries_left, persistence::Callback<NamespacePtr> done);
  // `before`: the record in whose place it would be; null for a new one.
  absl::Status CheckRoom(const NamespaceRecord& record, const NamespaceRecord* before) const;
  NamespacePtr Remember(const persistence::NamespaceRow& row);
  void Forget(const Uuid& id);
  void Publish(std::shared_ptr<const NamespaceSnapshot> snapshot);

  persistence::Session& session_;
  Executor& executor_;
  const std::shared_ptr<const engine::SearchAttributeTypes> search_attributes_;
  const NamespaceRoom room_;
  const NamespaceDefaults defaults_;

  uint64_t changes_ = 0;  // by Remember and Forget
  size_t bytes_ = 0;      // of all records

  mutable Mutex mutex_;
  std::shared_ptr<const NamespaceSnapshot> snapshot_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace perdure::server
