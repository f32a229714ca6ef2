#include "base/limits.h"
#include "base/status.h"
#include "server/frontend/handlers/handlers.h"
#include "server/frontend/namespaces.h"

namespace perdure::server {
namespace {

absl::StatusOr<NamespacePtr> Find(const Frontend& frontend, const api::DescribeNamespaceRequest& request) {
  if (request.namespace_().size() > limits::kIdLength)
    return InvalidArgument("Namespace length exceeds limit.");
  if (request.id().empty() && request.namespace_().empty())
    return InvalidArgument("Namespace not set on request.");
  if (!request.id().empty() && !request.namespace_().empty()) {
    return InvalidArgument("GetNamespace operation failed.  Both ID and Name specified in request.");
  }
  if (!request.namespace_().empty()) return frontend.namespaces.ByName(request.namespace_());
  const auto id = Uuid::Parse(request.id());
  // The real server answers UNKNOWN, which clients would repeat.
  if (!id) return InvalidArgument("Invalid namespace id.");
  return frontend.namespaces.ById(*id);
}

}  // namespace

void DescribeNamespace(Frontend& frontend, CallPtr call, api::DescribeNamespaceRequest request) {
  const auto found = Find(frontend, request);
  if (!found.ok()) return call->Fail(found.status());
  call->set_name_space(*found);
  call->Reply(DescribeNamespaceOf(**found));
}

}  // namespace perdure::server
