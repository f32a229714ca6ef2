// What steps are decided in: the time, and the settings of the entity's namespace, also of one that was
// removed while entities of its were left.
//
// Not thread-safe: lives on the host's executor. What it gives is good until the next call.
#pragma once

#include <memory>

#include "absl/container/flat_hash_map.h"
#include "engine/entity.h"
#include "server/cluster/namespace_registry.h"
#include "server/history/host/host_parts.h"
#include "server/history/namespace_names.h"

namespace perdure::server {

class EntitySettings {
 public:
  explicit EntitySettings(const HostParts& parts) : parts_(parts), names_(parts.world.namespaces) {}

  // Null when there is no such namespace.
  const engine::NamespaceSettings* Of(const Uuid& namespace_id);
  // The same for an entity that is there: it goes on although its namespace was removed.
  const engine::NamespaceSettings& For(const engine::Entity& entity);
  // `entity`: null where none is there yet.
  engine::Context ContextFor(const engine::Entity* entity, const engine::NamespaceSettings& settings) const;

 private:
  const HostParts& parts_;
  std::shared_ptr<const NamespaceSnapshot> namespaces_;
  // Settings of namespaces that were removed while entities of theirs were left.
  absl::flat_hash_map<Uuid, std::unique_ptr<const engine::NamespaceSettings>> removed_;
  const NamespaceNames names_;
};

}  // namespace perdure::server
