#include "server/frontend/start_rules.h"

#include <string_view>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/status.h"
#include "engine/values/cron_schedule.h"
#include "server/frontend/validate.h"
#include "temporal/api/enums/v1/event_type.pb.h"

namespace perdure::server {

namespace enums = temporal::api::enums::v1;

namespace {

using StartRequest = temporal::api::workflowservice::v1::StartWorkflowExecutionRequest;

absl::Status NormalizeTimeout(google::protobuf::Duration* timeout, std::string_view name) {
  absl::Status valid = NormalizeDuration(timeout);
  if (valid.ok()) return valid;
  return InvalidArgument(
      fmt::format("An invalid {} is set on request. cause: {}", name, std::string(valid.message())));
}

}  // namespace

void FillStartPolicies(enums::WorkflowIdConflictPolicy conflict, StartRequest& request) {
  if (request.workflow_id_conflict_policy() == enums::WORKFLOW_ID_CONFLICT_POLICY_UNSPECIFIED) {
    const bool terminate =
        request.workflow_id_reuse_policy() == enums::WORKFLOW_ID_REUSE_POLICY_TERMINATE_IF_RUNNING;
    request.set_workflow_id_conflict_policy(terminate ? enums::WORKFLOW_ID_CONFLICT_POLICY_TERMINATE_EXISTING
                                                      : conflict);
    if (terminate) request.set_workflow_id_reuse_policy(enums::WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE);
  }
  if (request.workflow_id_reuse_policy() == enums::WORKFLOW_ID_REUSE_POLICY_UNSPECIFIED) {
    request.set_workflow_id_reuse_policy(enums::WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE);
  }
}

absl::Status CheckStartPolicies(const StartRequest& request) {
  if (request.workflow_id_reuse_policy() == enums::WORKFLOW_ID_REUSE_POLICY_TERMINATE_IF_RUNNING) {
    return InvalidArgument(
        "Invalid WorkflowIDReusePolicy: WORKFLOW_ID_REUSE_POLICY_TERMINATE_IF_RUNNING cannot be used "
        "together with a "
        "WorkflowIDConflictPolicy");
  }
  if (request.workflow_id_conflict_policy() == enums::WORKFLOW_ID_CONFLICT_POLICY_TERMINATE_EXISTING &&
      request.workflow_id_reuse_policy() == enums::WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE) {
    return InvalidArgument(
        "Invalid WorkflowIDReusePolicy: WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE cannot be used together "
        "with "
        "WorkflowIdConflictPolicy WORKFLOW_ID_CONFLICT_POLICY_TERMINATE_EXISTING");
  }
  return absl::OkStatus();
}

absl::Status CheckLength(const std::string& text, std::string_view called) {
  if (text.size() <= limits::kIdLength) return absl::OkStatus();
  return InvalidArgument(
      fmt::format("{} exceeds maximum allowed length ({}/{})", called, text.size(), limits::kIdLength));
}

absl::Status CheckName(const std::string& name, const char* if_empty, std::string_view called) {
  return name.empty() ? InvalidArgument(if_empty) : CheckLength(name, called);
}

absl::Status CheckWorkflowId(const std::string& workflow_id) {
  return CheckName(workflow_id, "WorkflowId is not set on request.", "WorkflowId");
}

absl::Status CheckCronSchedule(const std::string& schedule, absl::Time now) {
  if (schedule.empty()) return absl::OkStatus();
  const auto parsed = engine::CronSchedule::Parse(schedule);
  if (!parsed.has_value()) return InvalidArgument("invalid CronSchedule.");
  if (parsed->Next({now, now}).has_value()) return absl::OkStatus();
  return InvalidArgument("invalid CronSchedule, no time can be found to satisfy the schedule");
}

absl::Status NormalizeStartDelay(StartRequest& request) {
  if (!request.has_workflow_start_delay()) return absl::OkStatus();
  if (!request.cron_schedule().empty()) {
    return InvalidArgument("CronSchedule and WorkflowStartDelay may not be used together.");
  }
  return NormalizeTimeout(request.mutable_workflow_start_delay(), "WorkflowStartDelaySeconds");
}

absl::Status NormalizeTimeouts(StartRequest& request) {
  absl::Status valid = NormalizeTimeout(
      request.has_workflow_execution_timeout() ? request.mutable_workflow_execution_timeout() : nullptr,
      "WorkflowExecutionTimeoutSeconds");
  if (!valid.ok()) return valid;
  valid =
      NormalizeTimeout(request.has_workflow_run_timeout() ? request.mutable_workflow_run_timeout() : nullptr,
                       "WorkflowRunTimeoutSeconds");
  if (!valid.ok()) return valid;
  return NormalizeTimeout(
      request.has_workflow_task_timeout() ? request.mutable_workflow_task_timeout() : nullptr,
      "WorkflowTaskTimeoutSeconds");
}

absl::Status NormalizeLabels(const engine::SearchAttributeTypes& types, StartRequest& request) {
  absl::Status valid;
  if (request.has_search_attributes()) {
    valid =
        engine::NormalizeSearchAttributes(types, request.namespace_(), *request.mutable_search_attributes());
  }
  if (valid.ok()) valid = ValidatePriority(request.priority());
  if (valid.ok()) valid = ValidateLinks(request.links());
  return valid;
}

temporal::api::common::v1::Link LinkToSignal(
    const temporal::api::workflowservice::v1::SignalWorkflowExecutionRequest& signal) {
  temporal::api::common::v1::Link link;
  auto& event = *link.mutable_workflow_event();
  event.set_namespace_(signal.namespace_());
  event.set_workflow_id(signal.workflow_execution().workflow_id());
  event.mutable_request_id_ref()->set_request_id(signal.request_id());
  event.mutable_request_id_ref()->set_event_type(enums::EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED);
  return link;
}

}  // namespace perdure::server
