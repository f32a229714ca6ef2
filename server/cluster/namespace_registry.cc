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

absl::StatusOr<NamespacePtr> NamespaceRegistry::ByName(std::string_view name) const {
  const auto snapshot = Snapshot();
  const auto found = snapshot->by_name.find(AbslView(name));
  if (found == snapshot->by_name.end()) return NamespaceNotFound(name);
  return found->second;
}

absl::StatusOr<NamespacePtr> NamespaceRegistry::ById(const Uuid& id) const {
  const auto snapshot = Snapshot();
  const auto found = snapshot->by_id.find(id);
  if (found == snapshot->by_id.end()) return NamespaceNotFound(id.ToString());
  return found->second;
}

}  // namespace perdure::server
