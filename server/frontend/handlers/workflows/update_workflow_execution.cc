#include <utility>

#include "base/limits.h"
#include "base/status.h"
#include "server/frontend/handlers/handlers.h"
#include "server/frontend/handlers/workflows/operations.h"
#include "server/frontend/tasks.h"
#include "server/frontend/update_wait.h"
#include "server/frontend/validate.h"
#include "temporal/api/errordetails/v1/message.pb.h"

namespace perdure::server {
namespace {

namespace enums = temporal::api::enums::v1;

// Where the update stands in a history; of a rejected one, or any that has failed, the run.
common::Link LinkTo(const api::UpdateWorkflowExecutionResponse& response, const std::string& name_space,
                    const std::string& request_id) {
  const common::WorkflowExecution& run = response.update_ref().workflow_execution();
  common::Link link;
  if (response.outcome().has_failure()) {
    link.mutable_workflow()->set_namespace_(name_space);
    link.mutable_workflow()->set_workflow_id(run.workflow_id());
    link.mutable_workflow()->set_run_id(run.run_id());
    link.mutable_workflow()->set_reason("Update rejected");
    return link;
  }
  auto& event = *link.mutable_workflow_event();
  event.set_namespace_(name_space);
  event.set_workflow_id(run.workflow_id());
  event.set_run_id(run.run_id());
  event.mutable_request_id_ref()->set_request_id(request_id);
  event.mutable_request_id_ref()->set_event_type(enums::EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED);
  return link;
}

}  // namespace

absl::Status NormalizeUpdate(api::UpdateWorkflowExecutionRequest& request, IdMinter& ids) {
  absl::Status valid =
      ValidateExecution(request.has_workflow_execution() ? &request.workflow_execution() : nullptr);
  if (!valid.ok()) return valid;
  auto& update = *request.mutable_request();
  if (!update.has_meta()) return InvalidArgument("Update meta is not set on request.");
  if (update.meta().update_id().size() > limits::kIdLength) {
    return InvalidArgument("UpdateId length exceeds limit.");
  }
  if (update.meta().update_id().empty()) update.mutable_meta()->set_update_id(ids.Mint().ToString());
  if (!update.has_input()) return InvalidArgument("Update input is not set on request.");
  if (update.input().name().empty()) return InvalidArgument("Update name is not set on request.");
  auto& policy = *request.mutable_wait_policy();
  if (policy.lifecycle_stage() == enums::UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE_UNSPECIFIED) {
    policy.set_lifecycle_stage(enums::UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE_COMPLETED);
  }
  if (policy.lifecycle_stage() == enums::UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE_ADMITTED) {
    return WithDetail(
        absl::PermissionDeniedError(
            "UpdateWorkflowExecution issued asynchronously and waiting on update admitted is not supported."),
        temporal::api::errordetails::v1::PermissionDeniedFailure());
  }
  if (!update.completion_callbacks().empty()) {
    return absl::UnimplementedError(
        "UpdateWorkflowExecution: completion_callbacks is not supported by this server yet");
  }
  return ValidateLinks(update.links());
}

api::UpdateWorkflowExecutionResponse UpdateResponse(const engine::workflow::UpdateReply& status,
                                                    const std::string& name_space,
                                                    const std::string& request_id) {
  api::UpdateWorkflowExecutionResponse response;
  response.set_stage(status.response.stage());
  *response.mutable_update_ref() = status.response.update_ref();
  if (status.response.has_outcome()) *response.mutable_outcome() = status.response.outcome();
  if (response.stage() != enums::UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE_ADMITTED) {
    *response.mutable_link() = LinkTo(response, name_space, request_id);
  }
  return response;
}

void UpdateWorkflowExecution(Frontend& frontend, CallPtr call, NamespacePtr name_space,
                             api::UpdateWorkflowExecutionRequest request) {
  if (absl::Status valid = NormalizeUpdate(request, frontend.ids); !valid.ok())
    return call->Fail(std::move(valid));
  RunRef run = RunOf(name_space->id, request.workflow_execution());
  auto answer = [name = request.namespace_(), request_id = request.request().request_id()](
                    CallPtr answered, const engine::workflow::UpdateReply& status) {
    answered->Reply(UpdateResponse(status, name, request_id));
  };
  WaitForUpdate(frontend, std::move(call), std::move(run), engine::workflow::Update{std::move(request)},
                std::move(answer));
}

}  // namespace perdure::server
