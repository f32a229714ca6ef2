#include "server/cluster/namespace_registry.h"

#include "base/status.h"
#include "base/text.h"

namespace perdure::server {

std::shared_ptr<const engine::SearchAttributeTypes> SearchAttributesOf(
    const NamespaceRecord& record, std::shared_ptr<const engine::SearchAttributeTypes> of_all) {
  if (record.search_attributes().empty()) return of_all;
  auto types = std::make_shared<engine::SearchAttributeTypes>(*of_all);
  for (const auto& [name, type] : record.search_attributes()) types->try_emplace(name, type);
  return types;
}

// The name may be another's by now.
void NamespaceSnapshot::DropName(const Uuid& id) {
  const NamespacePtr* known = by_id.Find(id);
  if (known == nullptr) return;
  const NamespacePtr* named = by_name.Find((*known)->settings.name);
  if (named != nullptr && (*named)->id == id) by_name = by_name.Without((*known)->settings.name);
}

void NamespaceSnapshot::Put(NamespacePtr name_space) {
  const Uuid id = name_space->id;
  DropName(id);
  if (name_space->record.has_deletion()) leaving = leaving.With(id, name_space);
  by_name = by_name.With(name_space->settings.name, name_space);
  by_id = by_id.With(id, std::move(name_space));
}

void NamespaceSnapshot::Remove(const Uuid& id) {
  DropName(id);
  leaving = leaving.Without(id);
  by_id = by_id.Without(id);
}

absl::StatusOr<NamespacePtr> NamespaceRegistry::ByName(std::string_view name) const {
  const auto snapshot = Snapshot();
  const NamespacePtr* found = snapshot->by_name.Find(std::string(name));
  if (found == nullptr) return NamespaceNotFound(name);
  return *found;
}

absl::StatusOr<NamespacePtr> NamespaceRegistry::ById(const Uuid& id) const {
  const auto snapshot = Snapshot();
  const NamespacePtr* found = snapshot->by_id.Find(id);
  if (found == nullptr) return NamespaceNotFound(id.ToString());
  return *found;
}

}  // namespace perdure::server
