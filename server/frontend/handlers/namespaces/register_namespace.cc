#include <fmt/format.h>

#include "base/limits.h"
#include "base/status.h"
#include "base/text.h"
#include "server/frontend/handlers/handlers.h"
#include "server/frontend/namespaces.h"

namespace perdure::server {
namespace {

absl::Status Validate(const Frontend& frontend, const api::RegisterNamespaceRequest& request) {
  if (request.namespace_().size() > limits::kIdLength)
    return InvalidArgument("Namespace length exceeds limit.");
  if (request.namespace_().empty()) return InvalidArgument("Namespace not set on request.");
  if (request.is_global_namespace()) {
    return InvalidArgument("Cannot register global namespace when not enabled");
  }
  absl::Status retention = ValidateRetention(request.workflow_execution_retention_period());
  if (!retention.ok()) return retention;
  // The name of the real server's own namespace is reserved.
  if (request.namespace_() == "temporal-system" || frontend.namespaces.ByName(request.namespace_()).ok()) {
    return NamespaceAlreadyExists(
        fmt::format("Namespace \"{}\" already exists", Shown(request.namespace_())));
  }
  const std::string& active = request.active_cluster_name();
  if (!active.empty() && active != frontend.info.cluster_name) {
    return InvalidArgument(fmt::format("Invalid cluster name: {}", Shown(active)));
  }
  for (const auto& cluster : request.clusters()) {
    if (cluster.cluster_name() != frontend.info.cluster_name) {
      return InvalidArgument(fmt::format("Invalid cluster name: {}", Shown(cluster.cluster_name())));
    }
  }
  return absl::OkStatus();
}

}  // namespace

void RegisterNamespace(Frontend& frontend, CallPtr call, api::RegisterNamespaceRequest request) {
  const absl::Status valid = Validate(frontend, request);
  if (!valid.ok()) return call->Fail(valid);
  NamespaceRecord record = NewNamespaceRecord(request.namespace_(), frontend.info.cluster_name,
                                              request.workflow_execution_retention_period());
  auto& info = *record.mutable_info();
  info.set_description(request.description());
  info.set_owner_email(request.owner_email());
  *info.mutable_data() = std::move(*request.mutable_data());
  const absl::Status fits = CheckNamespaceLimits(record);
  if (!fits.ok()) return call->Fail(fits);
  frontend.namespaces.Register(std::move(record),
                               [call = std::move(call)](const absl::StatusOr<NamespacePtr>& made) mutable {
                                 if (!made.ok()) return call->Fail(made.status());
                                 call->Reply(api::RegisterNamespaceResponse());
                               });
}

}  // namespace perdure::server
