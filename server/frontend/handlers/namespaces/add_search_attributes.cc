#include <fmt/format.h>

#include "base/limits.h"
#include "base/status.h"
#include "base/text.h"
#include "engine/search_attributes.h"
#include "server/frontend/handlers/handlers.h"
#include "server/frontend/search_attribute_aliases.h"

namespace perdure::server {
namespace {

namespace enums = temporal::api::enums::v1;
using Request = operator_api::AddSearchAttributesRequest;

absl::Status ValidateAddition(const Request& request) {
  if (request.search_attributes().empty()) {
    return InvalidArgument("SearchAttributes are not set on request.");
  }
  for (const auto& [name, type] : request.search_attributes()) {
    if (engine::IsReservedName(name)) {
      return InvalidArgument(fmt::format("Search attribute {} is reserved by system.", Shown(name)));
    }
    if (!enums::IndexedValueType_IsValid(type)) {
      return InvalidArgument(fmt::format("Unknown search attribute type: {}.", static_cast<int>(type)));
    }
    if (name.size() > limits::kSearchAttributeName) {
      return InvalidArgument(fmt::format("Search attribute {} is longer than {} bytes.", Shown(name),
                                         limits::kSearchAttributeName));
    }
  }
  if (request.namespace_().empty()) return InvalidArgument("Namespace is not set on request.");
  return absl::OkStatus();
}

// A name that is there already stays as it is, whatever its type, and the empty name adds nothing: so says
// the real server. `known` are those of the configuration, which every namespace has.
absl::Status Add(const Request& request, const SearchAttributeTypes& known, NamespaceRecord& record) {
  auto& attributes = *record.mutable_search_attributes();
  for (const auto& [name, type] : request.search_attributes()) {
    if (name.empty() || known.contains(name) || attributes.contains(name)) continue;
    if (type == enums::INDEXED_VALUE_TYPE_UNSPECIFIED) {
      return InvalidArgument(fmt::format(
          "Unable to create search attributes: cannot have more than 0 search attribute of type {}.",
          engine::SearchAttributeTypeName(static_cast<enums::IndexedValueType>(type))));
    }
    attributes[name] = static_cast<enums::IndexedValueType>(type);
    AssignAlias(name, attributes[name], record);
  }
  if (attributes.size() > limits::kCustomSearchAttributes) {
    return InvalidArgument(fmt::format("Unable to create search attributes: cannot have more than {}.",
                                       limits::kCustomSearchAttributes));
  }
  return absl::OkStatus();
}

}  // namespace

void AddSearchAttributes(Frontend& frontend, CallPtr call, operator_api::AddSearchAttributesRequest request) {
  if (!request.namespace_().empty()) {
    const auto usable = FindNamespace(frontend, call->method(), request.namespace_());
    if (!usable.ok()) return call->Fail(usable.status());
  }
  const absl::Status valid = ValidateAddition(request);
  if (!valid.ok()) return call->Fail(valid);
  std::string name = request.namespace_();
  frontend.namespaces.Update(
      std::move(name),
      [request = std::move(request), known = frontend.search_attributes](NamespaceRecord& record) {
        return Add(request, known, record);
      },
      [call = std::move(call)](absl::StatusOr<NamespacePtr> changed) mutable {
        if (!changed.ok()) return call->Fail(changed.status());
        call->set_name_space(*changed);
        call->Reply(operator_api::AddSearchAttributesResponse());
      });
}

}  // namespace perdure::server
