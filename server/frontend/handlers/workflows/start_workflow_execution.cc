#include <fmt/format.h>

#include "base/limits.h"
#include "base/status.h"
#include "engine/values/cron_schedule.h"
#include "server/frontend/handlers/handlers.h"
#include "server/frontend/tasks.h"
#include "server/frontend/validate.h"

namespace perdure::server {
namespace {

namespace enums = temporal::api::enums::v1;
using Request = api::StartWorkflowExecutionRequest;

void FillPolicies(Request& request) {
  if (request.workflow_id_conflict_policy() == enums::WORKFLOW_ID_CONFLICT_POLICY_UNSPECIFIED) {
    const bool terminate =
        request.workflow_id_reuse_policy() == enums::WORKFLOW_ID_REUSE_POLICY_TERMINATE_IF_RUNNING;
    request.set_workflow_id_conflict_policy(terminate ? enums::WORKFLOW_ID_CONFLICT_POLICY_TERMINATE_EXISTING
                                                      : enums::WORKFLOW_ID_CONFLICT_POLICY_FAIL);
    if (terminate) request.set_workflow_id_reuse_policy(enums::WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE);
  }
  if (request.workflow_id_reuse_policy() == enums::WORKFLOW_ID_REUSE_POLICY_UNSPECIFIED) {
    request.set_workflow_id_reuse_policy(enums::WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE);
  }
}

absl::Status CheckPolicies(const Request& request) {
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
  if (request.on_conflict_options().attach_completion_callbacks() &&
      !request.on_conflict_options().attach_request_id()) {
    return InvalidArgument("attaching request ID is required for attaching completion callbacks");
  }
  return absl::OkStatus();
}

absl::Status NormalizeTimeout(google::protobuf::Duration* timeout, std::string_view name) {
  absl::Status valid = NormalizeDuration(timeout);
  if (valid.ok()) return valid;
  return InvalidArgument(
      fmt::format("An invalid {} is set on request. cause: {}", name, std::string(valid.message())));
}

absl::Status NormalizeTimes(Request& request) {
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

absl::Status CheckCronSchedule(const std::string& schedule, absl::Time now) {
  if (schedule.empty()) return absl::OkStatus();
  const auto parsed = engine::CronSchedule::Parse(schedule);
  if (!parsed.has_value()) return InvalidArgument("invalid CronSchedule.");
  if (parsed->Next({now, now}).has_value()) return absl::OkStatus();
  return InvalidArgument("invalid CronSchedule, no time can be found to satisfy the schedule");
}

absl::Status NormalizeWhatRuns(Request& request, absl::Time now) {
  if (request.workflow_id().empty()) return InvalidArgument("WorkflowId is not set on request.");
  if (request.workflow_id().size() > limits::kIdLength) {
    return InvalidArgument(fmt::format("WorkflowId exceeds maximum allowed length ({}/{})",
                                       request.workflow_id().size(), limits::kIdLength));
  }
  absl::Status valid;
  if (request.has_retry_policy()) valid = NormalizeRetryPolicy(*request.mutable_retry_policy());
  if (!valid.ok()) return valid;
  if (!request.cron_schedule().empty() && request.has_workflow_start_delay()) {
    return InvalidArgument("CronSchedule and WorkflowStartDelay may not be used together.");
  }
  valid =
      NormalizeTimeout(request.has_workflow_start_delay() ? request.mutable_workflow_start_delay() : nullptr,
                       "WorkflowStartDelaySeconds");
  if (valid.ok()) valid = CheckCronSchedule(request.cron_schedule(), now);
  if (!valid.ok()) return valid;
  if (request.workflow_type().name().empty()) return InvalidArgument("WorkflowType is not set on request.");
  if (request.workflow_type().name().size() > limits::kIdLength) {
    return InvalidArgument("WorkflowType length exceeds limit.");
  }
  return NormalizeTaskQueue(request.has_task_queue() ? request.mutable_task_queue() : nullptr,
                            /*user_defined=*/true);
}

// In the real server's order, which decides between two errors.
absl::Status Normalize(Frontend& frontend, const SearchAttributeTypes& custom, Request& request) {
  FillPolicies(request);
  absl::Status valid = NormalizeWhatRuns(request, frontend.executor.Now());
  if (valid.ok()) valid = NormalizeTimes(request);
  if (valid.ok()) valid = NormalizeRequestId(*request.mutable_request_id(), frontend.ids);
  if (valid.ok()) valid = CheckPolicies(request);
  if (valid.ok() && request.has_search_attributes()) {
    valid = engine::NormalizeSearchAttributes(custom, request.namespace_(),
                                              *request.mutable_search_attributes());
  }
  if (valid.ok()) valid = ValidatePriority(request.priority());
  if (valid.ok()) valid = ValidateLinks(request.links());
  return valid;
}

ReplyBytes ToBytes(const TokenSealer& tokens, engine::workflow::StartReply started) {
  ReplyBytes reply(started.response);
  if (started.eager_task) {
    reply.AppendMessage(api::StartWorkflowExecutionResponse::kEagerWorkflowTaskFieldNumber,
                        WorkflowTaskBytes(tokens, *std::move(started.eager_task)));
  }
  return reply;
}

}  // namespace

void StartWorkflowExecution(Frontend& frontend, CallPtr call, NamespacePtr name_space, Request request) {
  const absl::Status valid = Normalize(frontend, *name_space->settings.search_attributes, request);
  if (!valid.ok()) return call->Fail(valid);
  frontend.history.Start(name_space->id, std::move(request),
                         [call = std::move(call), &tokens = frontend.tokens](
                             absl::StatusOr<engine::workflow::StartReply> started) mutable {
                           if (!started.ok()) return call->Fail(started.status());
                           if (started->response.started()) call->NoteAction("grpc_StartWorkflowExecution");
                           call->Reply(ToBytes(tokens, *std::move(started)));
                         });
}

}  // namespace perdure::server
