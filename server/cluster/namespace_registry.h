// The namespaces of the cluster, cached whole in memory: every call looks one up. Writes go through the store
// with a version check and refresh the cache.
//
// Thread safety: any thread. A Snapshot is immutable and stays valid as long as it is held.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "base/executor.h"
#include "base/ids.h"
#include "engine/entity.h"
#include "perdure/namespace.pb.h"
#include "persistence/store.h"
#include "server/cluster/shared_map.h"

namespace perdure::server {

// A namespace as it is stored, and as the engine sees it.
struct Namespace {
  Uuid id;
  int64_t version = 0;
  NamespaceRecord record;  // perdure/namespace.proto
  engine::NamespaceSettings settings;
};
using NamespacePtr = std::shared_ptr<const Namespace>;

struct NamespaceSnapshot {
  SharedMap<std::string, NamespacePtr> by_name;
  SharedMap<Uuid, NamespacePtr> by_id;
  // Of those, the ones that are being emptied (NamespaceRecord::deletion).
  SharedMap<Uuid, NamespacePtr> leaving;

  // In place of whatever was known of its id.
  void Put(NamespacePtr name_space);
  void Remove(const Uuid& id);

 private:
  void DropName(const Uuid& id);
};

// The custom search attributes of a namespace: those of its record, and those that all have.
std::shared_ptr<const engine::SearchAttributeTypes> SearchAttributesOf(
    const NamespaceRecord& record, std::shared_ptr<const engine::SearchAttributeTypes> of_all);

class NamespaceRegistry {
 public:
  virtual ~NamespaceRegistry() = default;

  virtual std::shared_ptr<const NamespaceSnapshot> Snapshot() const = 0;

  // NAMESPACE_NOT_FOUND with its detail when there is none.
  absl::StatusOr<NamespacePtr> ByName(std::string_view name) const;
  absl::StatusOr<NamespacePtr> ById(const Uuid& id) const;

  // Adds a namespace (NAMESPACE_ALREADY_EXISTS), or changes one: `change` edits a copy of the stored record
  // and may refuse; it is called again when another writer came between. A change of its name renames it.
  // `done` runs on the registry's executor, after the commit and with the cache refreshed.
  // FAILED_PRECONDITION: there would be more than limits::kNamespaces, or limits::kNamespacesSize of them.
  virtual void Register(NamespaceRecord record, persistence::Callback<NamespacePtr> done) = 0;
  virtual void Update(std::string name, std::function<absl::Status(NamespaceRecord&)> change,
                      persistence::Callback<NamespacePtr> done) = 0;
  // Removes one, as it is given: ABORTED when it was changed meanwhile. False: it was gone.
  virtual void Remove(NamespacePtr name_space, persistence::Callback<bool> done) = 0;
};

}  // namespace perdure::server
