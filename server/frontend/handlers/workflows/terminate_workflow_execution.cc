#include "server/frontend/handlers/execute.h"
#include "server/frontend/handlers/handlers.h"
#include "server/frontend/validate.h"

namespace perdure::server {

void TerminateWorkflowExecution(Frontend& frontend, CallPtr call, NamespacePtr name_space,
                                api::TerminateWorkflowExecutionRequest request) {
  absl::Status valid =
      ValidateExecution(request.has_workflow_execution() ? &request.workflow_execution() : nullptr);
  if (valid.ok()) valid = ValidateLinks(request.links());
  if (!valid.ok()) return call->Fail(valid);
  // So that a person's termination can be told from the server's own.
  if (request.reason().empty()) request.set_reason("terminated by user via frontend");
  if (request.identity().empty()) request.set_identity("frontend-service");
  RunRef run = RunOf(name_space->id, request.workflow_execution());
  // A chain of runs is meant: its current run, whichever is named besides.
  if (!request.first_execution_run_id().empty()) run.run_id.reset();
  Execute<api::TerminateWorkflowExecutionResponse>(frontend, std::move(call), std::move(run),
                                                   engine::workflow::Terminate{std::move(request)});
}

}  // namespace perdure::server
