#include <fmt/format.h>

#include "base/limits.h"
#include "base/status.h"
#include "base/text.h"
#include "server/frontend/handlers/handlers.h"
#include "server/frontend/namespaces.h"

namespace perdure::server {
namespace {

// What is not said is the cluster itself.
temporal::api::replication::v1::NamespaceReplicationConfig ReplicationOf(
    const api::RegisterNamespaceRequest& request, const std::string& cluster) {
  temporal::api::replication::v1::NamespaceReplicationConfig replication;
  replication.set_active_cluster_name(request.active_cluster_name().empty() ? cluster
                                                                            : request.active_cluster_name());
  *replication.mutable_clusters() = request.clusters();
  if (request.clusters().empty()) {
    replication.add_clusters()->set_cluster_name(replication.active_cluster_name());
  }
  return replication;
}

absl::Status Validate(const Frontend& frontend, const api::RegisterNamespaceRequest& request) {
  if (request.namespace_().size() > limits::kIdLength)
    return InvalidArgument("Namespace length exceeds limit.");
  if (request.namespace_().empty()) return InvalidArgument("Namespace not set on request.");
  if (request.is_global_namespace()) {
    return InvalidArgument("Cannot register global namespace when not enabled");
  }
  absl::Status retention =
      ValidateRetention(request.workflow_execution_retention_period(), frontend.settings.min_retention);
  if (!retention.ok()) return retention;
  if (request.namespace_() == kSystemNamespace || frontend.namespaces.ByName(request.namespace_()).ok()) {
    return NamespaceAlreadyExists(
        fmt::format("Namespace \"{}\" already exists", Shown(request.namespace_())));
  }
  return CheckLocalReplication(ReplicationOf(request, frontend.info.cluster_name),
                               frontend.info.cluster_name);
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
