#include "base/limits.h"
#include "base/status.h"
#include "server/frontend/handlers/handlers.h"
#include "server/frontend/handlers/workflows/operations.h"
#include "server/frontend/start_rules.h"
#include "server/frontend/tasks.h"
#include "server/frontend/validate.h"

namespace perdure::server {
namespace {

namespace enums = temporal::api::enums::v1;
using Request = api::StartWorkflowExecutionRequest;

absl::Status NormalizeWhatRuns(Request& request, absl::Time now) {
  absl::Status valid = CheckWorkflowId(request.workflow_id());
  if (!valid.ok()) return valid;
  if (request.has_retry_policy()) valid = NormalizeRetryPolicy(*request.mutable_retry_policy());
  if (valid.ok()) valid = NormalizeStartDelay(request);
  if (valid.ok()) valid = CheckCronSchedule(request.cron_schedule(), now);
  if (!valid.ok()) return valid;
  if (request.workflow_type().name().empty()) return InvalidArgument("WorkflowType is not set on request.");
  if (request.workflow_type().name().size() > limits::kIdLength) {
    return InvalidArgument("WorkflowType length exceeds limit.");
  }
  return NormalizeTaskQueue(request.has_task_queue() ? request.mutable_task_queue() : nullptr,
                            /*user_defined=*/true);
}

absl::Status CheckConflictOptions(const Request& request) {
  const auto& options = request.on_conflict_options();
  if (!options.attach_completion_callbacks() || options.attach_request_id()) return absl::OkStatus();
  return InvalidArgument("attaching request ID is required for attaching completion callbacks");
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

absl::Status NormalizeStart(Frontend& frontend, const SearchAttributeTypes& custom, Request& request) {
  FillStartPolicies(enums::WORKFLOW_ID_CONFLICT_POLICY_FAIL, request);
  absl::Status valid = NormalizeWhatRuns(request, frontend.executor.Now());
  if (valid.ok()) valid = NormalizeTimeouts(request);
  if (valid.ok()) valid = NormalizeRequestId(*request.mutable_request_id(), frontend.ids);
  if (valid.ok()) valid = CheckStartPolicies(request);
  if (valid.ok()) valid = CheckConflictOptions(request);
  if (valid.ok()) valid = NormalizeLabels(custom, request);
  return valid;
}

void StartWorkflowExecution(Frontend& frontend, CallPtr call, NamespacePtr name_space, Request request) {
  const absl::Status valid = NormalizeStart(frontend, *name_space->settings.search_attributes, request);
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
