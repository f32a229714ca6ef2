#include <fmt/format.h>

#include "base/status.h"
#include "base/text.h"
#include "base/time.h"
#include "server/frontend/handlers/handlers.h"
#include "server/frontend/namespaces.h"

namespace perdure::server {
namespace {

namespace enums = temporal::api::enums::v1;

absl::Status ChangeState(enums::NamespaceState to, temporal::api::namespace_::v1::NamespaceInfo& info) {
  const enums::NamespaceState from = info.state();
  if (to == enums::NAMESPACE_STATE_UNSPECIFIED || to == from) return absl::OkStatus();
  // The real server lets a namespace be DELETED so, and then answers no call on it any more. Here only a
  // deletion that removes what is in it may do that.
  if (to == enums::NAMESPACE_STATE_DELETED) {
    return InvalidArgument("Invalid namespace state update. A namespace is deleted by DeleteNamespace.");
  }
  if (from != enums::NAMESPACE_STATE_REGISTERED || to != enums::NAMESPACE_STATE_DEPRECATED) {
    return InvalidArgument("Invalid namespace state update.");
  }
  info.set_state(to);
  return absl::OkStatus();
}

absl::Status ChangeInfo(const temporal::api::namespace_::v1::UpdateNamespaceInfo& update,
                        temporal::api::namespace_::v1::NamespaceInfo& info) {
  if (!update.description().empty()) info.set_description(update.description());
  if (!update.owner_email().empty()) info.set_owner_email(update.owner_email());
  for (const auto& [key, value] : update.data()) (*info.mutable_data())[key] = value;
  return ChangeState(update.state(), info);
}

absl::Status ChangeConfig(const temporal::api::namespace_::v1::NamespaceConfig& update, absl::Time now,
                          temporal::api::namespace_::v1::NamespaceConfig& config) {
  if (update.has_workflow_execution_retention_ttl()) {
    const absl::Status valid = ValidateRetention(update.workflow_execution_retention_ttl());
    if (!valid.ok()) return valid;
    *config.mutable_workflow_execution_retention_ttl() = update.workflow_execution_retention_ttl();
  }
  for (auto [checksum, binary] : update.bad_binaries().binaries()) {
    *binary.mutable_create_time() = ToProto(now);
    (*config.mutable_bad_binaries()->mutable_binaries())[checksum] = std::move(binary);
  }
  return absl::OkStatus();
}

absl::Status CheckReplication(const std::string& cluster, const api::UpdateNamespaceRequest& request) {
  const auto& replication = request.replication_config();
  const auto check = [&](const std::string& name) {
    if (name.empty() || name == cluster) return absl::OkStatus();
    return InvalidArgument(fmt::format("Invalid cluster name: {}", Shown(name)));
  };
  absl::Status valid = check(replication.active_cluster_name());
  for (const auto& one : replication.clusters()) valid.Update(check(one.cluster_name()));
  if (valid.ok() && request.promote_namespace()) {
    return InvalidArgument(
        fmt::format("global namespace is not enabled on this cluster, cannot update global namespace "
                    "or promote local namespace: {}",
                    Shown(request.namespace_())));
  }
  return valid;
}

absl::Status Change(const api::UpdateNamespaceRequest& request, const std::string& cluster, absl::Time now,
                    NamespaceRecord& record) {
  absl::Status valid = ChangeInfo(request.update_info(), *record.mutable_info());
  if (!valid.ok()) return valid;
  valid = ChangeConfig(request.config(), now, *record.mutable_config());
  if (!valid.ok()) return valid;
  if (!request.delete_bad_binary().empty() &&
      record.mutable_config()->mutable_bad_binaries()->mutable_binaries()->erase(
          request.delete_bad_binary()) == 0) {
    return InvalidArgument(
        fmt::format("Bad binary checksum {} doesn't exists.", Shown(request.delete_bad_binary())));
  }
  valid = CheckNamespaceLimits(record);
  if (!valid.ok()) return valid;
  return CheckReplication(cluster, request);
}

}  // namespace

void UpdateNamespace(Frontend& frontend, CallPtr call, api::UpdateNamespaceRequest request) {
  if (request.namespace_().empty()) return call->Fail(InvalidArgument("Namespace not set on request."));
  if (!request.config().custom_search_attribute_aliases().empty()) {
    return call->Fail(
        absl::UnimplementedError("UpdateNamespace of custom_search_attribute_aliases is not implemented."));
  }
  std::string name = request.namespace_();
  auto change = [request = std::move(request), cluster = frontend.info.cluster_name,
                 now = frontend.executor.Now()](NamespaceRecord& record) {
    return Change(request, cluster, now, record);
  };
  frontend.namespaces.Update(
      std::move(name), std::move(change),
      [call = std::move(call)](absl::StatusOr<NamespacePtr> changed) mutable {
        if (!changed.ok()) return call->Fail(changed.status());
        call->set_name_space(*changed);
        api::DescribeNamespaceResponse described = DescribeNamespaceOf(**changed);
        api::UpdateNamespaceResponse response;
        *response.mutable_namespace_info() = std::move(*described.mutable_namespace_info());
        *response.mutable_config() = std::move(*described.mutable_config());
        *response.mutable_replication_config() = std::move(*described.mutable_replication_config());
        response.set_is_global_namespace(described.is_global_namespace());
        response.set_failover_version(described.failover_version());
        call->Reply(response);
      });
}

}  // namespace perdure::server
