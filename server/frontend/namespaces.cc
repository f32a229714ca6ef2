#include "server/frontend/namespaces.h"

#include <algorithm>
#include <span>
#include <string>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/status.h"
#include "base/text.h"
#include "base/time.h"
#include "temporal/api/errordetails/v1/message.pb.h"

namespace perdure::server {
namespace {

using temporal::api::enums::v1::NAMESPACE_STATE_DEPRECATED;
using temporal::api::enums::v1::NAMESPACE_STATE_REGISTERED;
using temporal::api::enums::v1::NamespaceState;

constexpr NamespaceState kUsual[] = {NAMESPACE_STATE_REGISTERED, NAMESPACE_STATE_DEPRECATED};

absl::Status InvalidState(const NamespaceRecord& record, std::span<const NamespaceState> allowed) {
  const NamespaceState state = record.info().state();
  temporal::api::errordetails::v1::NamespaceInvalidStateFailure detail;
  detail.set_namespace_(Shown(record.info().name()));
  detail.set_state(state);
  std::string names;
  for (const NamespaceState one : allowed) {
    detail.add_allowed_states(one);
    names += (names.empty() ? "" : " or ") + NamespaceStateName(one);
  }
  return WithDetail(absl::FailedPreconditionError(fmt::format("Namespace has invalid state: {}. Must be {}.",
                                                              NamespaceStateName(state), names)),
                    detail);
}

absl::Status CheckCluster(std::string_view name, std::string_view cluster) {
  if (name == cluster) return absl::OkStatus();
  return InvalidArgument(fmt::format("Invalid cluster name: {}", Shown(name)));
}

absl::Status CheckClusters(const temporal::api::replication::v1::NamespaceReplicationConfig& replication,
                           std::string_view cluster) {
  absl::Status valid = CheckCluster(replication.active_cluster_name(), cluster);
  for (const auto& one : replication.clusters()) valid.Update(CheckCluster(one.cluster_name(), cluster));
  return valid;
}

}  // namespace

// The number of one that only a newer release knows.
std::string NamespaceStateName(NamespaceState state) {
  if (!temporal::api::enums::v1::NamespaceState_IsValid(state)) return std::to_string(state);
  return CamelCase(temporal::api::enums::v1::NamespaceState_Name(state), "NAMESPACE_STATE_");
}

absl::Status NamespaceGone(const NamespaceRecord& record) { return InvalidState(record, kUsual); }

absl::Status CheckLocalReplication(
    const temporal::api::replication::v1::NamespaceReplicationConfig& replication, std::string_view cluster) {
  absl::Status valid = CheckClusters(replication, cluster);
  if (valid.ok() && replication.clusters_size() != 1) {
    return InvalidArgument("Invalid local namespace clusters");
  }
  return valid;
}

absl::Status CheckGlobalReplication(
    const temporal::api::replication::v1::NamespaceReplicationConfig& replication, std::string_view cluster) {
  absl::Status valid = CheckClusters(replication, cluster);
  if (valid.ok() && replication.clusters().empty()) {
    return InvalidArgument("Active cluster is not contained in all clusters.");
  }
  return valid;
}

absl::Status CheckNamespaceState(const Namespace& name_space, std::string_view method) {
  std::span<const NamespaceState> allowed = kUsual;
  if (method == "StartWorkflowExecution" || method == "SignalWithStartWorkflowExecution") {
    allowed = allowed.first(1);
  }
  const NamespaceState state = name_space.record.info().state();
  if (std::find(allowed.begin(), allowed.end(), state) != allowed.end()) return absl::OkStatus();
  return InvalidState(name_space.record, allowed);
}

absl::Status CheckBinary(const Namespace& name_space, const std::string& checksum) {
  if (name_space.record.config().bad_binaries().binaries().contains(checksum)) {
    return InvalidArgument(fmt::format("Binary {} already marked as bad deployment.", Shown(checksum)));
  }
  return absl::OkStatus();
}

NamespaceRecord NewNamespaceRecord(const std::string& name, const std::string& cluster,
                                   const google::protobuf::Duration& retention) {
  NamespaceRecord record;
  record.mutable_info()->set_name(name);
  record.mutable_info()->set_state(NAMESPACE_STATE_REGISTERED);
  auto& config = *record.mutable_config();
  *config.mutable_workflow_execution_retention_ttl() = retention;
  config.set_history_archival_state(temporal::api::enums::v1::ARCHIVAL_STATE_DISABLED);
  config.set_visibility_archival_state(temporal::api::enums::v1::ARCHIVAL_STATE_DISABLED);
  auto& replication = *record.mutable_replication_config();
  replication.set_active_cluster_name(cluster);
  replication.add_clusters()->set_cluster_name(cluster);
  replication.set_state(temporal::api::enums::v1::REPLICATION_STATE_NORMAL);
  return record;
}

absl::Status CheckNamespaceLimits(const NamespaceRecord& record) {
  const auto check = [](std::string_view what, size_t size, size_t limit) {
    if (size <= limit) return absl::OkStatus();
    return InvalidArgument(fmt::format("{} exceeds the limit of {}.", what, limit));
  };
  const auto& info = record.info();
  absl::Status valid =
      check("The description's length", info.description().size(), limits::kNamespaceDescription);
  valid.Update(check("The length of owner_email", info.owner_email().size(), limits::kIdLength));
  valid.Update(check("The number of entries of data", info.data().size(), limits::kNamespaceData));
  for (const auto& [key, value] : info.data()) {
    valid.Update(check("The length of a key of data", key.size(), limits::kIdLength));
  }
  for (const auto& [checksum, binary] : record.config().bad_binaries().binaries()) {
    valid.Update(check("The length of a bad binary's checksum", checksum.size(), limits::kIdLength));
    valid.Update(check("The length of a bad binary's reason", binary.reason().size(), limits::kIdLength));
    valid.Update(
        check("The length of a bad binary's operator", binary.operator_().size(), limits::kIdLength));
  }
  NamespaceRecord rest = record;  // attributes have limits of their own
  rest.clear_search_attributes();
  rest.mutable_config()->clear_custom_search_attribute_aliases();
  valid.Update(
      check("The size of the namespace, its data included,", rest.ByteSizeLong(), limits::kNamespaceSize));
  return valid;
}

absl::Status ValidateRetention(const google::protobuf::Duration& retention, absl::Duration least) {
  // One whose parts have different signs is none.
  if (FromProto(retention) < least || retention.nanos() < 0) {
    return InvalidArgument("A valid retention period is not set on request.");
  }
  return absl::OkStatus();
}

temporal::api::workflowservice::v1::DescribeNamespaceResponse DescribeNamespaceOf(
    const Namespace& name_space) {
  temporal::api::workflowservice::v1::DescribeNamespaceResponse response;
  *response.mutable_namespace_info() = name_space.record.info();
  *response.mutable_config() = name_space.record.config();
  *response.mutable_replication_config() = name_space.record.replication_config();
  response.set_is_global_namespace(name_space.record.is_global());
  response.set_failover_version(name_space.record.failover_version());
  response.mutable_config()->mutable_bad_binaries();

  auto* info = response.mutable_namespace_info();
  // SDKs act on each of these: none is true before what it promises works.
  auto* capabilities = info->mutable_capabilities();
  capabilities->set_eager_workflow_start(name_space.settings.eager_workflow_start);
  capabilities->set_sync_update(true);
  capabilities->set_async_update(true);
  capabilities->set_worker_heartbeats(true);
  capabilities->set_poller_autoscaling(true);
  capabilities->set_standalone_activities(true);
  capabilities->set_standalone_activity_start_delay(true);
  capabilities->set_standalone_activity_operator_commands(true);
  capabilities->set_reported_problems_search_attribute(true);
  auto* limits = info->mutable_limits();
  limits->set_blob_size_limit_error(static_cast<int64_t>(name_space.settings.limits.blob_size));
  limits->set_memo_size_limit_error(static_cast<int64_t>(name_space.settings.limits.memo_size));
  limits->set_workflow_task_completion_size_limit_error(limits::kWorkflowTaskCompletionSize);
  return response;
}

}  // namespace perdure::server
