// What the API says of namespaces: their descriptions and the rules for their states.
// Pure functions; safe anywhere.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "base/ids.h"
#include "server/cluster/namespace_registry.h"
#include "temporal/api/workflowservice/v1/request_response.pb.h"

namespace perdure::server {

// A worker of a build that was marked as bad gets no tasks.
absl::Status CheckBinary(const Namespace& name_space, const std::string& checksum);

// Whether a method may be called on a namespace in its state: NAMESPACE_INVALID_STATE, with its detail, if
// not.
absl::Status CheckNamespaceState(const Namespace& name_space, std::string_view method);

// What is stored of a new namespace; without its id.
NamespaceRecord NewNamespaceRecord(const std::string& name, const std::string& cluster,
                                   const google::protobuf::Duration& retention);

// Whether each field of what would be stored, and all of it, is within its limit.
absl::Status CheckNamespaceLimits(const NamespaceRecord& record);

absl::Status ValidateRetention(const google::protobuf::Duration& retention);

// As DescribeNamespace and ListNamespaces answer it.
temporal::api::workflowservice::v1::DescribeNamespaceResponse DescribeNamespaceOf(
    const Namespace& name_space);

}  // namespace perdure::server
