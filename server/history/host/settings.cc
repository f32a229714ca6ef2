#include "server/history/host/settings.h"

#include <algorithm>
#include <utility>

namespace perdure::server {

const engine::NamespaceSettings* EntitySettings::Of(const Uuid& namespace_id) {
  if (namespaces_ != nullptr) {
    const NamespacePtr* known = namespaces_->by_id.Find(namespace_id);
    if (known != nullptr && namespaces_ == parts_.world.namespaces.Snapshot()) return &(*known)->settings;
  }
  const std::shared_ptr<const NamespaceSnapshot> before =
      std::exchange(namespaces_, parts_.world.namespaces.Snapshot());
  if (const NamespacePtr* found = namespaces_->by_id.Find(namespace_id); found != nullptr) {
    return &(*found)->settings;
  }
  const NamespacePtr* gone = before == nullptr ? nullptr : before->by_id.Find(namespace_id);
  if (gone != nullptr) {
    removed_[namespace_id] = std::make_unique<const engine::NamespaceSettings>((*gone)->settings);
  }
  return nullptr;
}

const engine::NamespaceSettings& EntitySettings::For(const engine::Entity& entity) {
  const Uuid& id = entity.namespace_id();
  if (const engine::NamespaceSettings* known = Of(id); known != nullptr) return *known;
  std::unique_ptr<const engine::NamespaceSettings>& kept = removed_[id];
  if (kept == nullptr) {
    engine::NamespaceSettings settings;
    settings.id = id;
    settings.name = id.ToString();
    kept = std::make_unique<const engine::NamespaceSettings>(std::move(settings));
  }
  return *kept;
}

engine::Context EntitySettings::ContextFor(const engine::Entity* entity,
                                           const engine::NamespaceSettings& settings) const {
  absl::Time now = parts_.world.executor.Now();
  if (entity != nullptr) now = std::max(now, entity->EarliestNow());
  return {now, parts_.world.executor.random(), settings, &names_, parts_.options.cross_namespace_commands};
}

}  // namespace perdure::server
