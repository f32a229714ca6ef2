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

absl::Status CheckClient(const Frontend& frontend, const Call& call) {
  if (!frontend.settings.check_client_versions) return absl::OkStatus();
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
  if (name.empty()) {
    const bool of_namespaces = method.spec.access == Access::kAdmin;
    return InvalidArgument(of_namespaces ? "Namespace not set on request." : "Namespace is empty.");
  }
  if (name.size() > limits::kIdLength) return InvalidArgument("Namespace length exceeds limit.");
  auto found = frontend.namespaces.ByName(name);
  if (!found.ok()) return found.status();
  absl::Status allowed = CheckNamespaceState(**found, method.spec.name);
  if (!allowed.ok()) return allowed;
  return found;
}

namespace {

bool Open(const TokenSealer& tokens, std::string_view sealed, TaskToken& token) {
  return tokens.Open(TokenKind::kTask, sealed, token);
}

// That of a task is one of a query that nobody waits for.
bool Open(const TokenSealer& tokens, std::string_view sealed, QueryTaskToken& token) {
  if (tokens.Open(TokenKind::kQueryTask, sealed, token)) return true;
  TaskToken of_task;
  if (!tokens.Open(TokenKind::kTask, sealed, of_task)) return false;
  token.Clear();
  token.set_namespace_id(of_task.namespace_id());
  return true;
}

template <typename Token>
absl::StatusOr<NamespacePtr> OpenTokenOf(const Frontend& frontend, const Call& call, std::string_view sealed,
                                         std::string_view named, Token& token) {
  const Method& method = call.method();
  NamespacePtr name_space;
  if (!named.empty()) {
    absl::Status allowed = Authorize(frontend, call, named);
    if (!allowed.ok()) return allowed;
    auto of_request = FindNamespace(frontend, method, named);
    if (!of_request.ok()) return of_request.status();
    name_space = *std::move(of_request);
  }
  if (sealed.empty()) return InvalidArgument("Task token not set on request.");
  if (!Open(frontend.tokens, sealed, token)) return InvalidArgument("Error deserializing task token.");
  const std::optional<Uuid> id = Uuid::FromBytes(token.namespace_id());
  if (!id) return InvalidArgument("Error deserializing task token.");
  auto of_token = frontend.namespaces.ById(*id);
  if (!of_token.ok()) return of_token.status();
  if (frontend.settings.check_token_namespace && name_space != nullptr && name_space->id != (*of_token)->id) {
    return InvalidArgument("Operation requested with a token from a different namespace.");
  }
  name_space = *std::move(of_token);
  if (named.empty()) {
    absl::Status authorised = Authorize(frontend, call, name_space->settings.name);
    if (!authorised.ok()) return authorised;
  }
  absl::Status allowed = CheckNamespaceState(*name_space, method.spec.name);
  if (!allowed.ok()) return allowed;
  return name_space;
}

}  // namespace

absl::StatusOr<NamespacePtr> OpenToken(const Frontend& frontend, const Call& call, std::string_view sealed,
                                       std::string_view named, TaskToken& token) {
  return OpenTokenOf(frontend, call, sealed, named, token);
}

absl::StatusOr<NamespacePtr> OpenToken(const Frontend& frontend, const Call& call, std::string_view sealed,
                                       std::string_view named, QueryTaskToken& token) {
  return OpenTokenOf(frontend, call, sealed, named, token);
}

}  // namespace perdure::server
