// A line of the log about one run, with the fields that such lines have. Safe anywhere.
#pragma once

#include <string>
#include <string_view>

#include "base/log_fields.h"
#include "engine/entity.h"
#include "persistence/batch.h"
#include "server/cluster/namespace_registry.h"

namespace perdure::server {

// `entity` may be one that could not be folded: what it does not know is left out.
inline std::string AboutRun(std::string_view message, const NamespaceRegistry& namespaces,
                            const persistence::RunKey& key, const engine::Entity& entity,
                            std::string_view error) {
  const auto name_space = namespaces.ById(entity.namespace_id());
  return WithFields(message, {{"namespace", name_space.ok() ? (*name_space)->settings.name : std::string()},
                              {"kind", std::string(entity.kind().name())},
                              {"id", entity.id()},
                              {"run_id", key.run_id.ToString()},
                              {"error", error}});
}

}  // namespace perdure::server
