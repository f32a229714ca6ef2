#include "server/cluster/namespace_registry.h"

#include "base/status.h"
#include "base/text.h"

namespace perdure::server {

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
