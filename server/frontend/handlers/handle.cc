#include "server/frontend/handlers/handle.h"

#include <fmt/format.h>

#include "base/limits.h"
#include "base/status.h"
#include "server/frontend/call_errors.h"
#include "server/frontend/client_versions.h"
#include "server/frontend/namespaces.h"

namespace perdure::server {

absl::Status UnparsableRequest() {
  return OfCaller(
      absl::InternalError("grpc: error unmarshalling request: proto: cannot parse invalid wire-format data"));
}

absl::Status RequestTooDeep() {
  return InvalidArgument(
      fmt::format("the request's messages are nested deeper than {} levels", limits::kRequestNesting));
}

absl::Status CheckClient(const Call& call) {
  return CheckClientVersion(call.Header("client-name"), call.Header("client-version"));
}

absl::Status Authorize(const Frontend& frontend, const Call& call, std::string_view name_space) {
  const MethodSpec& method = call.method().spec;
  return frontend.authorizer->Authorize({.operation = method.name,
                                         .access = method.access,
                                         .name_space = name_space,
                                         .credentials = call.Header("authorization")});
}

absl::StatusOr<NamespacePtr> FindNamespace(const Frontend& frontend, const Method& method,
                                           std::string_view name) {
  if (name.empty()) return InvalidArgument("Namespace is empty.");
  if (name.size() > limits::kIdLength) return InvalidArgument("Namespace length exceeds limit.");
  auto found = frontend.namespaces.ByName(name);
  if (!found.ok()) return found.status();
  absl::Status allowed = CheckNamespaceState(**found, method.spec.name);
  if (!allowed.ok()) return allowed;
  return found;
}

absl::StatusOr<OpenedToken> OpenTaskToken(const Frontend& frontend, const Call& call, std::string_view sealed,
                                          std::string_view named) {
  const Method& method = call.method();
  OpenedToken opened;
  if (!named.empty()) {
    absl::Status allowed = Authorize(frontend, call, named);
    if (!allowed.ok()) return allowed;
    auto of_request = FindNamespace(frontend, method, named);
    if (!of_request.ok()) return of_request.status();
    opened.name_space = *std::move(of_request);
  }
  if (sealed.empty()) return InvalidArgument("Task token not set on request.");
  if (!frontend.tokens.Open(TokenKind::kTask, sealed, opened.token)) {
    return InvalidArgument("Error deserializing task token.");
  }
  const std::optional<Uuid> id = Uuid::FromBytes(opened.token.namespace_id());
  if (!id) return InvalidArgument("Error deserializing task token.");
  auto of_token = frontend.namespaces.ById(*id);
  if (!of_token.ok()) return of_token.status();
  if (opened.name_space != nullptr && opened.name_space->id != (*of_token)->id) {
    return InvalidArgument("Operation requested with a token from a different namespace.");
  }
  opened.name_space = *std::move(of_token);
  if (named.empty()) {
    absl::Status authorised = Authorize(frontend, call, opened.name_space->settings.name);
    if (!authorised.ok()) return authorised;
  }
  absl::Status allowed = CheckNamespaceState(*opened.name_space, method.spec.name);
  if (!allowed.ok()) return allowed;
  return opened;
}

}  // namespace perdure::server
