#include <fmt/format.h>

#include "base/status.h"
#include "base/text.h"
#include "engine/search_attributes.h"
#include "server/frontend/handlers/handlers.h"
#include "server/frontend/search_attribute_aliases.h"

namespace perdure::server {
namespace {

using Request = operator_api::RemoveSearchAttributesRequest;

// A name that is not there is no error, as on the real server. What the configuration gives every namespace
// is not the namespace's to remove.
absl::Status Remove(const Request& request, const SearchAttributeTypes& configured, NamespaceRecord& record) {
  auto& attributes = *record.mutable_search_attributes();
  for (const std::string& name : request.search_attributes()) {
    RemoveAlias(name, record);
    if (attributes.erase(name) > 0) continue;
    if (configured.contains(name)) {
      return InvalidArgument(fmt::format(
          "Unable to remove search attribute {}: the server's configuration has it.", Shown(name)));
    }
    if (engine::IsSystemAttribute(name)) {
      return InvalidArgument(fmt::format("Unable to remove non-custom search attributes: {}.", Shown(name)));
    }
  }
  return absl::OkStatus();
}

}  // namespace

void RemoveSearchAttributes(Frontend& frontend, CallPtr call,
                            operator_api::RemoveSearchAttributesRequest request) {
  if (!request.namespace_().empty()) {
    const auto usable = FindNamespace(frontend, call->method(), request.namespace_());
    if (!usable.ok()) return call->Fail(usable.status());
  }
  if (request.search_attributes().empty()) {
    return call->Fail(InvalidArgument("SearchAttributes are not set on request."));
  }
  if (request.namespace_().empty()) return call->Fail(InvalidArgument("Namespace is not set on request."));
  std::string name = request.namespace_();
  frontend.namespaces.Update(
      std::move(name),
      [request = std::move(request), configured = frontend.search_attributes](NamespaceRecord& record) {
        return Remove(request, configured, record);
      },
      [call = std::move(call)](absl::StatusOr<NamespacePtr> changed) mutable {
        if (!changed.ok()) return call->Fail(changed.status());
        call->set_name_space(*changed);
        call->Reply(operator_api::RemoveSearchAttributesResponse());
      });
}

}  // namespace perdure::server
