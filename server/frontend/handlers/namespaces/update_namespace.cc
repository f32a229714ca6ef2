#include <fmt/format.h>

#include "base/status.h"
#include "base/text.h"
#include "base/time.h"
#include "server/frontend/handlers/handlers.h"
#include "server/frontend/namespaces.h"
#include "server/frontend/search_attribute_aliases.h"

namespace perdure::server {
namespace {

namespace enums = temporal::api::enums::v1;

struct UpdateRules {
  std::string cluster;
  absl::Duration min_retention;
  size_t bad_binaries = 0;
  absl::Time now;
};

absl::Status ChangeState(enums::NamespaceState to, temporal::api::namespace_::v1::NamespaceInfo& info) {
  const enums::NamespaceState from = info.state();
  if (to == enums::NAMESPACE_STATE_UNSPECIFIED || to == from) return absl::OkStatus();
  // One that is DELETED so keeps its name and what is in it: DeleteNamespace removes those.
  const bool deletes = to == enums::NAMESPACE_STATE_DELETED && from != enums::NAMESPACE_STATE_DELETED;
  const bool deprecates =
      to == enums::NAMESPACE_STATE_DEPRECATED && from == enums::NAMESPACE_STATE_REGISTERED;
  if (!deletes && !deprecates) return InvalidArgument("Invalid namespace state update.");
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

absl::Status ChangeConfig(const temporal::api::namespace_::v1::NamespaceConfig& update,
                          const UpdateRules& rules, NamespaceRecord& record) {
  auto& config = *record.mutable_config();
  if (update.has_workflow_execution_retention_ttl()) {
    const absl::Status valid =
        ValidateRetention(update.workflow_execution_retention_ttl(), rules.min_retention);
    if (!valid.ok()) return valid;
    *config.mutable_workflow_execution_retention_ttl() = update.workflow_execution_retention_ttl();
  }
  auto& binaries = *config.mutable_bad_binaries()->mutable_binaries();
  for (auto [checksum, binary] : update.bad_binaries().binaries()) {
    *binary.mutable_create_time() = ToProto(rules.now);
    binaries[checksum] = std::move(binary);
  }
  if (update.has_bad_binaries() && binaries.size() > rules.bad_binaries) {
    return InvalidArgument(
        fmt::format("Total resetBinaries cannot exceed the max limit: {}", rules.bad_binaries));
  }
  return UpsertAliases(update.custom_search_attribute_aliases(), record);
}

// As the real server does it: the clusters that are named take the place of those before, and only the whole
// is looked at then.
absl::Status ChangeReplication(const temporal::api::replication::v1::NamespaceReplicationConfig& update,
                               NamespaceRecord& record) {
  auto& replication = *record.mutable_replication_config();
  if (!update.clusters().empty()) *replication.mutable_clusters() = update.clusters();
  const enums::NamespaceState state = record.info().state();
  if (update.state() != enums::REPLICATION_STATE_UNSPECIFIED && update.state() != replication.state()) {
    if (state != enums::NAMESPACE_STATE_REGISTERED) {
      return InvalidArgument(
          fmt::format("update ReplicationState is only supported when namespace is in Registered state, "
                      "current state: {}",
                      NamespaceStateName(state)));
    }
    if (update.state() == enums::REPLICATION_STATE_HANDOVER) {
      return InvalidArgument("Handover can only be set for global namespace");
    }
    replication.set_state(update.state());
  }
  if (!update.active_cluster_name().empty()) {
    replication.set_active_cluster_name(update.active_cluster_name());
    replication.set_state(enums::REPLICATION_STATE_NORMAL);
  }
  return absl::OkStatus();
}

absl::Status Change(const api::UpdateNamespaceRequest& request, const UpdateRules& rules,
                    NamespaceRecord& record) {
  if (record.has_deletion()) return NamespaceGone(record);
  absl::Status valid = ChangeInfo(request.update_info(), *record.mutable_info());
  if (!valid.ok()) return valid;
  valid = ChangeConfig(request.config(), rules, record);
  if (!valid.ok()) return valid;
  if (!request.delete_bad_binary().empty() &&
      record.mutable_config()->mutable_bad_binaries()->mutable_binaries()->erase(
          request.delete_bad_binary()) == 0) {
    return InvalidArgument(
        fmt::format("Bad binary checksum {} doesn't exists.", Shown(request.delete_bad_binary())));
  }
  valid = ChangeReplication(request.replication_config(), record);
  if (!valid.ok()) return valid;
  valid = CheckNamespaceLimits(record);
  if (!valid.ok()) return valid;
  if (!request.promote_namespace()) return CheckLocalReplication(record.replication_config(), rules.cluster);
  valid = CheckGlobalReplication(record.replication_config(), rules.cluster);
  if (!valid.ok()) return valid;
  return InvalidArgument(
      fmt::format("global namespace is not enabled on this cluster, cannot update global namespace "
                  "or promote local namespace: {}",
                  Shown(request.namespace_())));
}

api::UpdateNamespaceResponse ResponseOf(const Namespace& changed) {
  api::DescribeNamespaceResponse described = DescribeNamespaceOf(changed);
  api::UpdateNamespaceResponse response;
  *response.mutable_namespace_info() = std::move(*described.mutable_namespace_info());
  *response.mutable_config() = std::move(*described.mutable_config());
  *response.mutable_replication_config() = std::move(*described.mutable_replication_config());
  response.set_is_global_namespace(described.is_global_namespace());
  response.set_failover_version(described.failover_version());
  return response;
}

}  // namespace

void UpdateNamespace(Frontend& frontend, CallPtr call, NamespacePtr name_space,
                     api::UpdateNamespaceRequest request) {
  UpdateRules rules{
      .cluster = frontend.info.cluster_name,
      .min_retention = request.promote_namespace() ? kMinGlobalRetention : frontend.settings.min_retention,
      .bad_binaries = name_space->settings.limits.bad_binaries,
      .now = frontend.executor.Now()};
  auto change = [request = std::move(request), rules = std::move(rules)](NamespaceRecord& record) {
    return Change(request, rules, record);
  };
  frontend.namespaces.Update(name_space->settings.name, std::move(change),
                             [call = std::move(call)](const absl::StatusOr<NamespacePtr>& changed) mutable {
                               if (!changed.ok()) return call->Fail(changed.status());
                               call->Reply(ResponseOf(**changed));
                             });
}

}  // namespace perdure::server
