#include "server/frontend/handlers/execute.h"
#include "server/frontend/handlers/handlers.h"
#include "server/frontend/validate.h"

namespace perdure::server {

void RespondWorkflowTaskFailed(Frontend& frontend, CallPtr call, NamespacePtr, TaskToken token,
                               api::RespondWorkflowTaskFailedRequest request) {
  const absl::Status valid = ValidateIdentity(request.identity());
  if (!valid.ok()) return call->Fail(valid);
  RunRef run = RunOf(token);
  Execute<api::RespondWorkflowTaskFailedResponse>(
      frontend, std::move(call), std::move(run),
      engine::workflow::FailWorkflowTask{std::move(token), std::move(request)});
}

}  // namespace perdure::server
