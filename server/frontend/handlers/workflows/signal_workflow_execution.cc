#include "base/limits.h"
#include "base/status.h"
#include "server/frontend/handlers/handlers.h"
#include "server/frontend/start_rules.h"
#include "server/frontend/tasks.h"
#include "server/frontend/validate.h"

namespace perdure::server {
namespace {

absl::Status Validate(const api::SignalWorkflowExecutionRequest& request) {
  absl::Status valid =
      ValidateExecution(request.has_workflow_execution() ? &request.workflow_execution() : nullptr);
  if (!valid.ok()) return valid;
  if (request.signal_name().empty()) return InvalidArgument("SignalName is not set on request.");
  if (request.signal_name().size() > limits::kIdLength)
    return InvalidArgument("SignalName length exceeds limit.");
  if (request.request_id().size() > limits::kIdLength)
    return InvalidArgument("RequestId length exceeds limit.");
  valid = ValidateLinks(request.links());
  if (!valid.ok()) return valid;
  return ValidateBlobSize(request.input().ByteSizeLong());
}

}  // namespace

void SignalWorkflowExecution(Frontend& frontend, CallPtr call, NamespacePtr name_space,
                             api::SignalWorkflowExecutionRequest request) {
  const absl::Status valid = Validate(request);
  if (!valid.ok()) return call->Fail(valid);
  api::SignalWorkflowExecutionResponse response;
  *response.mutable_link() = LinkToSignal(request);
  RunRef run = RunOf(name_space->id, request.workflow_execution());
  frontend.history.Execute(
      std::move(run), engine::workflow::Signal{std::move(request)},
      [call = std::move(call),
       response = std::move(response)](absl::StatusOr<engine::workflow::Reply> reply) mutable {
        if (!reply.ok()) return call->Fail(reply.status());
        const Uuid& taken_by = std::get<engine::workflow::Done>(*reply).run_id;
        response.mutable_link()->mutable_workflow_event()->set_run_id(taken_by.ToString());
        call->Reply(response);
      });
}

}  // namespace perdure::server
