// The namespaces that there are, as the engine asks for them. Any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/entity.h"
#include "server/cluster/namespace_registry.h"

namespace perdure::server {

class NamespaceNames final : public engine::NamespaceDirectory {
 public:
  explicit NamespaceNames(const NamespaceRegistry& namespaces) : namespaces_(namespaces) {}
  std::optional<Uuid> IdOf(std::string_view name) const override {
    const std::shared_ptr<const NamespaceSnapshot> now = namespaces_.Snapshot();
    const auto found = now->by_name.find(std::string(name));
    return found == now->by_name.end() ? std::nullopt : std::optional(found->second->id);
  }

 private:
  const NamespaceRegistry& namespaces_;
};

}  // namespace perdure::server
