#include "server/frontend/handlers/handlers.h"
#include "server/frontend/tasks.h"
#include "server/frontend/validate.h"

namespace perdure::server {

void DescribeWorkflowExecution(Frontend& frontend, CallPtr call, NamespacePtr name_space,
                               api::DescribeWorkflowExecutionRequest request) {
  const absl::Status valid = ValidateExecution(request.has_execution() ? &request.execution() : nullptr);
  if (!valid.ok()) return call->Fail(valid);
  frontend.history.Describe(
      RunOf(name_space->id, request.execution()),
      [call = std::move(call)](absl::StatusOr<api::DescribeWorkflowExecutionResponse> reply) mutable {
        if (!reply.ok()) return call->Fail(reply.status());
        call->Reply(*reply);
      });
}

}  // namespace perdure::server
