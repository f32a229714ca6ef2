#include "server/frontend/handlers/execute.h"
#include "server/frontend/handlers/handlers.h"
#include "server/frontend/validate.h"

namespace perdure::server {

void DeleteWorkflowExecution(Frontend& frontend, CallPtr call, NamespacePtr name_space,
                             api::DeleteWorkflowExecutionRequest request) {
  absl::Status valid =
      ValidateExecution(request.has_workflow_execution() ? &request.workflow_execution() : nullptr);
  if (!valid.ok()) return call->Fail(valid);
  Execute<api::DeleteWorkflowExecutionResponse>(frontend, std::move(call),
                                                RunOf(name_space->id, request.workflow_execution()),
                                                engine::workflow::Delete{});
}

}  // namespace perdure::server
