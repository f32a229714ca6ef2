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
    const NamespacePtr* found = now->by_name.Find(std::string(name));
    const bool there = found != nullptr && !(*found)->settings.leaving;
    return there ? std::optional((*found)->id) : std::nullopt;
  }

 private:
  const NamespaceRegistry& namespaces_;
};

}  // namespace perdure::server
