#include "server/frontend/handlers/handlers.h"
#include "server/visibility/listed_kind.h"

namespace perdure::server {

// The request names no namespace: those of the system, and those that the configuration gives all namespaces.
void GetSearchAttributes(Frontend& frontend, CallPtr call, api::GetSearchAttributesRequest) {
  api::GetSearchAttributesResponse response;
  auto& keys = *response.mutable_keys();
  for (const auto& [name, type] : frontend.search_attributes) keys[name] = type;
  for (const SystemAttribute& attribute : ListedWorkflows().attributes) {
    keys[std::string(attribute.name)] = attribute.type;
  }
  call->Reply(response);
}

}  // namespace perdure::server
