#include "base/status.h"
#include "server/frontend/handlers/handlers.h"
#include "server/visibility/listed_kind.h"

namespace perdure::server {

void ListSearchAttributes(Frontend& frontend, CallPtr call,
                          operator_api::ListSearchAttributesRequest request) {
  if (!request.namespace_().empty()) {
    const auto usable = FindNamespace(frontend, call->method(), request.namespace_());
    if (!usable.ok()) return call->Fail(usable.status());
  }
  if (request.namespace_().empty()) return call->Fail(InvalidArgument("Namespace is not set on request."));
  const auto found = frontend.namespaces.ByName(request.namespace_());
  if (!found.ok()) return call->Fail(found.status());
  call->set_name_space(*found);
  operator_api::ListSearchAttributesResponse response;
  for (const auto& [name, type] : *(*found)->settings.search_attributes) {
    (*response.mutable_custom_attributes())[name] = type;
  }
  for (const SystemAttribute& attribute : ListedWorkflows().attributes) {
    (*response.mutable_system_attributes())[std::string(attribute.name)] = attribute.type;
  }
  call->Reply(response);
}

}  // namespace perdure::server
