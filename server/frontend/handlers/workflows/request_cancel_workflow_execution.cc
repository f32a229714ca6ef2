#include "server/frontend/handlers/execute.h"
#include "server/frontend/handlers/handlers.h"
#include "server/frontend/validate.h"

namespace perdure::server {

void RequestCancelWorkflowExecution(Frontend& frontend, CallPtr call, NamespacePtr name_space,
                                    api::RequestCancelWorkflowExecutionRequest request) {
  absl::Status valid =
      ValidateExecution(request.has_workflow_execution() ? &request.workflow_execution() : nullptr);
  if (valid.ok()) valid = ValidateLinks(request.links());
  if (!valid.ok()) return call->Fail(valid);
  RunRef run = RunOf(name_space->id, request.workflow_execution());
  // A chain of runs is meant: its current run, whichever is named besides.
  if (!request.first_execution_run_id().empty()) run.run_id.reset();
  Execute<api::RequestCancelWorkflowExecutionResponse>(frontend, std::move(call), std::move(run),
                                                       engine::workflow::RequestCancel{std::move(request)});
}

}  // namespace perdure::server
