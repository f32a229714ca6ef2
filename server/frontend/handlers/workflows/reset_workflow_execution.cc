#include <memory>
#include <utility>

#include "base/limits.h"
#include "base/status.h"
#include "engine/workflow/workflow_entity.h"
#include "server/frontend/handlers/handlers.h"
#include "server/frontend/tasks.h"
#include "server/frontend/validate.h"

namespace perdure::server {
namespace {

absl::Status ValidateOperation(const temporal::api::workflow::v1::PostResetOperation& operation) {
  using temporal::api::workflow::v1::PostResetOperation;
  switch (operation.variant_case()) {
    case PostResetOperation::kSignalWorkflow: {
      const auto& signal = operation.signal_workflow();
      if (signal.signal_name().empty()) return InvalidArgument("SignalName is not set on request.");
      if (signal.signal_name().size() > limits::kIdLength) {
        return InvalidArgument("SignalName length exceeds limit.");
      }
      const absl::Status links = ValidateLinks(signal.links());
      return links.ok() ? ValidateBlobSize(signal.input().ByteSizeLong()) : links;
    }
    case PostResetOperation::kUpdateWorkflowOptions:
      return absl::UnimplementedError(
          "ResetWorkflowExecution: options are not updated after a reset by this server yet");
    case PostResetOperation::VARIANT_NOT_SET:
      break;
  }
  return InvalidArgument("unsupported post reset operation: <nil>");
}

absl::Status Validate(const api::ResetWorkflowExecutionRequest& request) {
  if (request.request_id().empty()) return InvalidArgument("RequestId is not set on request.");
  if (request.request_id().size() > limits::kIdLength) {
    return InvalidArgument("RequestId length exceeds limit.");
  }
  absl::Status valid =
      ValidateExecution(request.has_workflow_execution() ? &request.workflow_execution() : nullptr);
  if (!valid.ok()) return valid;
  for (const auto& operation : request.post_reset_operations()) {
    valid = ValidateOperation(operation);
    if (!valid.ok()) return valid;
  }
  return absl::OkStatus();
}

}  // namespace

void ResetWorkflowExecution(Frontend& frontend, CallPtr call, NamespacePtr name_space,
                            api::ResetWorkflowExecutionRequest request) {
  const absl::Status valid = Validate(request);
  if (!valid.ok()) return call->Fail(valid);
  RunRef run = RunOf(name_space->id, request.workflow_execution());
  frontend.history.entities().Execute(
      std::move(run), std::make_unique<engine::workflow::ResetRequest>(std::move(request)),
      [call = std::move(call)](absl::StatusOr<engine::ReplyPtr> reply) mutable {
        if (!reply.ok()) return call->Fail(reply.status());
        const auto& done = dynamic_cast<const engine::workflow::WorkflowReply&>(**reply);
        api::ResetWorkflowExecutionResponse response;
        response.set_run_id(std::get<engine::workflow::Done>(done.reply).run_id.ToString());
        call->Reply(response);
      });
}

}  // namespace perdure::server
