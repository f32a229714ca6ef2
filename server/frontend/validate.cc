#include "server/frontend/validate.h"

#include <algorithm>

#include <fmt/format.h>

#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "base/ids.h"
#include "base/status.h"
#include "base/text.h"
#include "base/time.h"
#include "engine/values/durations.h"
#include "server/frontend/partitions.h"

namespace perdure::server {
namespace {

namespace enums = temporal::api::enums::v1;

// A part of a link that must not be empty.
absl::Status Filled(std::string_view value, std::string_view link, std::string_view part) {
  if (!value.empty()) return absl::OkStatus();
  return InvalidArgument(fmt::format("{} link must not have an empty {}", link, part));
}

template <typename... Statuses>
absl::Status First(const Statuses&... statuses) {
  absl::Status first;
  (first.Update(statuses), ...);
  return first;
}

absl::Status ValidateLink(const common::Link& link) {
  switch (link.variant_case()) {
    case common::Link::kWorkflowEvent: {
      const auto& event = link.workflow_event();
      absl::Status filled = First(Filled(event.namespace_(), "workflow event", "namespace field"),
                                  Filled(event.workflow_id(), "workflow event", "workflow ID field"),
                                  Filled(event.run_id(), "workflow event", "run ID field"));
      if (!filled.ok()) return filled;
      if (event.event_ref().event_type() == enums::EVENT_TYPE_UNSPECIFIED &&
          event.event_ref().event_id() != 0) {
        return InvalidArgument(
            "workflow event link ref cannot have an unspecified event type and a non-zero event ID");
      }
      return absl::OkStatus();
    }
    case common::Link::kBatchJob:
      return Filled(link.batch_job().job_id(), "batch job", "job ID");
    case common::Link::kNexusOperation:
      return First(Filled(link.nexus_operation().namespace_(), "nexus operation", "namespace field"),
                   Filled(link.nexus_operation().operation_id(), "nexus operation", "operation ID field"),
                   Filled(link.nexus_operation().run_id(), "nexus operation", "run ID field"));
    case common::Link::kActivity:
      return First(Filled(link.activity().namespace_(), "activity", "namespace field"),
                   Filled(link.activity().activity_id(), "activity", "activity ID field"),
                   Filled(link.activity().run_id(), "activity", "run ID field"));
    case common::Link::kWorkflow:
      return First(Filled(link.workflow().namespace_(), "workflow", "namespace field"),
                   Filled(link.workflow().workflow_id(), "workflow", "workflow ID field"),
                   Filled(link.workflow().run_id(), "workflow", "run ID field"));
    case common::Link::VARIANT_NOT_SET:
      break;
  }
  return InvalidArgument("unsupported link variant");
}

absl::Status NonRetryableType(const std::string& type) {
  constexpr absl::string_view kPrefix = "TemporalTimeout:";
  absl::string_view timeout = type;
  if (!absl::ConsumePrefix(&timeout, kPrefix)) return absl::OkStatus();
  for (const char* known : {"StartToClose", "ScheduleToStart", "ScheduleToClose", "Heartbeat"}) {
    if (timeout == known) return absl::OkStatus();
  }
  enums::TimeoutType parsed = enums::TIMEOUT_TYPE_UNSPECIFIED;
  if (enums::TimeoutType_Parse(std::string(timeout), &parsed) && parsed != enums::TIMEOUT_TYPE_UNSPECIFIED) {
    return absl::OkStatus();
  }
  return InvalidArgument(fmt::format("Invalid timeout type value: {}.", Shown(StdView(timeout))));
}

}  // namespace

absl::Status ValidateExecution(const common::WorkflowExecution* execution) {
  if (execution == nullptr) return InvalidArgument("Execution is not set on request.");
  if (execution->workflow_id().empty()) return InvalidArgument("WorkflowId is not set on request.");
  if (!execution->run_id().empty() && !Uuid::Parse(execution->run_id()))
    return InvalidArgument("Invalid RunId.");
  return absl::OkStatus();
}

absl::Status ValidateIdentity(std::string_view identity) {
  if (identity.size() > limits::kIdLength) return InvalidArgument("Identity length exceeds limit.");
  return absl::OkStatus();
}

absl::Status ValidateLinks(const google::protobuf::RepeatedPtrField<common::Link>& links) {
  if (links.size() > limits::kLinksPerRequest) {
    return InvalidArgument(fmt::format("cannot attach more than {} links per request, got {}",
                                       limits::kLinksPerRequest, links.size()));
  }
  for (const common::Link& link : links) {
    if (link.ByteSizeLong() > limits::kLinkSize) {
      return InvalidArgument(
          fmt::format("link exceeds allowed size of {}, got {}", limits::kLinkSize, link.ByteSizeLong()));
    }
    const absl::Status valid = ValidateLink(link);
    if (!valid.ok()) return valid;
  }
  return absl::OkStatus();
}

absl::Status ValidatePriority(const common::Priority& priority) {
  if (priority.priority_key() < 0) return InvalidArgument("priority key can't be negative");
  if (priority.fairness_key().size() > limits::kFairnessKey) {
    return InvalidArgument("fairness key length exceeds limit");
  }
  if (priority.fairness_weight() < 0) return InvalidArgument("must be greater than zero");
  return absl::OkStatus();
}

absl::Status ValidateBlobSize(size_t bytes) {
  if (bytes > limits::kBlobSize) return InvalidArgument("Blob data size exceeds limit.");
  return absl::OkStatus();
}

absl::Status NormalizeTaskQueue(temporal::api::taskqueue::v1::TaskQueue* queue, bool user_defined) {
  absl::Status valid = NormalizePartition(queue);
  if (!valid.ok()) return valid;
  if (absl::StartsWith(queue->name(), "/_sys/")) {
    return InvalidArgument("task queue name cannot start with reserved prefix /_sys/");
  }
  if (user_defined && absl::StartsWith(queue->name(), "temporal-sys-per-ns-tq")) {
    return InvalidArgument(
        fmt::format("cannot use internal per-namespace task queue:{}", Shown(queue->name())));
  }
  return absl::OkStatus();
}

absl::Status NormalizeRetryPolicy(common::RetryPolicy& policy) {
  const auto zero = [](const google::protobuf::Duration& d) { return d.seconds() == 0 && d.nanos() == 0; };
  if (zero(policy.initial_interval())) *policy.mutable_initial_interval() = ToProto(absl::Seconds(1));
  if (zero(policy.maximum_interval())) {
    *policy.mutable_maximum_interval() = ToProto(100 * FromProto(policy.initial_interval()));
  }
  if (policy.backoff_coefficient() == 0) policy.set_backoff_coefficient(2);
  // One attempt means no retry: the rest does not matter.
  if (policy.maximum_attempts() == 1) return absl::OkStatus();
  absl::Status valid = NormalizeDuration(policy.mutable_initial_interval());
  if (!valid.ok()) {
    return InvalidArgument(
        fmt::format("invalid InitialInterval set on retry policy: {}", std::string(valid.message())));
  }
  if (policy.backoff_coefficient() < 1) {
    return InvalidArgument("BackoffCoefficient cannot be less than 1 on retry policy.");
  }
  valid = NormalizeDuration(policy.mutable_maximum_interval());
  if (!valid.ok()) {
    return InvalidArgument(
        fmt::format("invalid MaximumInterval set on retry policy: {}", std::string(valid.message())));
  }
  if (FromProto(policy.maximum_interval()) < FromProto(policy.initial_interval())) {
    return InvalidArgument("MaximumInterval cannot be less than InitialInterval on retry policy.");
  }
  if (policy.maximum_attempts() < 0) {
    return InvalidArgument("MaximumAttempts cannot be negative on retry policy.");
  }
  for (const std::string& type : policy.non_retryable_error_types()) {
    valid = NonRetryableType(type);
    if (!valid.ok()) return valid;
  }
  return absl::OkStatus();
}

absl::Status NormalizeDuration(google::protobuf::Duration* duration) {
  if (duration == nullptr) return absl::OkStatus();
  const auto wrong = engine::ValidateAndCap(*duration);
  return wrong.has_value() ? InvalidArgument(*wrong) : absl::OkStatus();
}

absl::Status NormalizeRequestId(std::string& request_id, IdMinter& ids) {
  if (request_id.empty()) request_id = ids.Mint().ToString();
  if (request_id.size() > limits::kIdLength) return InvalidArgument("RequestId length exceeds limit.");
  return absl::OkStatus();
}

absl::Status ValidateWorkerVersion(const WorkerVersion& version) {
  if (version.use_versioning) {
    return absl::PermissionDeniedError(
        "Worker versioning in workflow progress APIs is disabled on this namespace.");
  }
  if (version.queue != nullptr && version.queue->kind() == enums::TASK_QUEUE_KIND_STICKY &&
      version.queue->normal_name().empty() && version.deployment != nullptr) {
    return InvalidArgument(
        "NormalName must be set on sticky queue when UseVersioning is true or DeploymentOptions are set.");
  }
  if (version.build_id.size() > limits::kBuildIdSize) {
    return InvalidArgument("Build ID exceeds configured limit.workerBuildIdSize, use a shorter build ID.");
  }
  if (version.deployment == nullptr ||
      version.deployment->worker_versioning_mode() != enums::WORKER_VERSIONING_MODE_VERSIONED) {
    return absl::OkStatus();
  }
  if (version.deployment->deployment_name().empty() || version.deployment->build_id().empty()) {
    return InvalidArgument("Deployment name and build id must be set together.");
  }
  return absl::OkStatus();
}

}  // namespace perdure::server
