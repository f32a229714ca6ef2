// Errors as clients see them: an absl::Status whose code is the gRPC code, with Temporal's error details
// (temporal.api.errordetails.v1) attached as one payload. The frontend turns them into google.rpc.Status
// trailers. Values; safe anywhere.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "base/ids.h"
#include "google/protobuf/message.h"

namespace temporal::api::failure::v1 {
class Failure;
}

namespace perdure {

// `status` with `detail` attached under its full message name. REQUIRES: !status.ok().
absl::Status WithDetail(absl::Status status, const google::protobuf::Message& detail);

// The google.rpc.Status bytes for the trailer grpc-status-details-bin; empty when the status carries no
// detail.
std::string StatusDetailsTrailer(const absl::Status& status);

absl::Status InvalidArgument(std::string_view message);
// Carries NotFoundFailure.
absl::Status NotFound(std::string_view message);
absl::Status NamespaceNotFound(std::string_view name);
absl::Status NamespaceAlreadyExists(std::string_view message);
absl::Status WorkflowExecutionAlreadyStarted(std::string_view message, std::string_view start_request_id,
                                             std::string_view run_id,
                                             std::string_view first_execution_run_id = {});
absl::Status WorkflowNotReady(std::string_view message);
// Carries QueryFailedFailure; `failure` null: the worker gave none.
absl::Status QueryFailed(std::string_view message, const temporal::api::failure::v1::Failure* failure);
absl::Status Unavailable(std::string_view message);
// Carries ResourceExhaustedFailure; `cause` and `scope` are values of temporal.api.enums.v1.
absl::Status ResourceExhausted(std::string_view message, int cause, int scope);

}  // namespace perdure
