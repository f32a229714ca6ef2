// Checks of a request's form that several RPCs share. Each answers the error that the real server gives; some
// fill in what the client left out, as their names say. Pure functions; safe anywhere.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "base/limits.h"
#include "server/frontend/id_minter.h"
#include "temporal/api/common/v1/message.pb.h"
#include "temporal/api/deployment/v1/message.pb.h"
#include "temporal/api/taskqueue/v1/message.pb.h"

namespace perdure::server {

namespace common = temporal::api::common::v1;

// `execution` null: not set on the request.
absl::Status ValidateExecution(const common::WorkflowExecution* execution);
absl::Status ValidateIdentity(std::string_view identity);
absl::Status ValidateLinks(const google::protobuf::RepeatedPtrField<common::Link>& links);
absl::Status ValidatePriority(const common::Priority& priority);
absl::Status ValidateBlobSize(size_t bytes);

// Fills in the kind. `queue` null: not set on the request. With `user_defined`, not one of the server's own
// queues.
absl::Status NormalizeTaskQueue(temporal::api::taskqueue::v1::TaskQueue* queue, bool user_defined = false);
// The parts that are not given are filled in.
absl::Status NormalizeRetryPolicy(common::RetryPolicy& policy);
// Caps `duration` at what the engine can count. `duration` null: not given.
absl::Status NormalizeDuration(google::protobuf::Duration* duration);
// An empty one is minted.
absl::Status NormalizeRequestId(std::string& request_id, IdMinter& ids);

// Worker versioning as polls and completions carry it. Capabilities is a message with build_id and
// use_versioning.
struct WorkerVersion {
  std::string_view build_id;
  bool use_versioning = false;
  const temporal::api::deployment::v1::WorkerDeploymentOptions* deployment = nullptr;
  const temporal::api::taskqueue::v1::TaskQueue* queue = nullptr;
};
absl::Status ValidateWorkerVersion(const WorkerVersion& version);

}  // namespace perdure::server
