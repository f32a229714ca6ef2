// What the API says of namespaces: their descriptions and the rules for their states.
// Pure functions; safe anywhere.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/ids.h"
#include "server/cluster/namespace_registry.h"
#include "temporal/api/workflowservice/v1/request_response.pb.h"

namespace perdure::server {

// A worker of a build that was marked as bad gets no tasks.
absl::Status CheckBinary(const Namespace& name_space, const std::string& checksum);

// The real server's own namespace, whose name nobody may take.
inline constexpr std::string_view kSystemNamespace = "temporal-system";

// The least retention of a namespace that would be global. INVALID_ARGUMENT.
inline constexpr absl::Duration kMinGlobalRetention = absl::Hours(24);

// As the real server's errors write it: "Registered".
std::string NamespaceStateName(temporal::api::enums::v1::NamespaceState state);

// What all calls on a namespace that is being deleted get.
absl::Status NamespaceGone(const NamespaceRecord& record);

// Whether a method may be called on a namespace in its state: NAMESPACE_INVALID_STATE, with its detail, if
// not.
absl::Status CheckNamespaceState(const Namespace& name_space, std::string_view method);

// What is stored of a new namespace; without its id.
NamespaceRecord NewNamespaceRecord(const std::string& name, const std::string& cluster,
                                   const google::protobuf::Duration& retention);

// Whether each field of what would be stored, and all of it, is within its limit.
absl::Status CheckNamespaceLimits(const NamespaceRecord& record);

absl::Status ValidateRetention(const google::protobuf::Duration& retention, absl::Duration least);

// Whether a namespace may be replicated so: one of this cluster, or a global one.
absl::Status CheckLocalReplication(
    const temporal::api::replication::v1::NamespaceReplicationConfig& replication, std::string_view cluster);
absl::Status CheckGlobalReplication(
    const temporal::api::replication::v1::NamespaceReplicationConfig& replication, std::string_view cluster);

// As DescribeNamespace and ListNamespaces answer it.
temporal::api::workflowservice::v1::DescribeNamespaceResponse DescribeNamespaceOf(
    const Namespace& name_space);

}  // namespace perdure::server
