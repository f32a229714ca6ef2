#include "server/frontend/handlers/execute.h"
#include "server/frontend/handlers/handlers.h"
#include "server/frontend/validate.h"

namespace perdure::server {

void ResetStickyTaskQueue(Frontend& frontend, CallPtr call, NamespacePtr name_space,
                          api::ResetStickyTaskQueueRequest request) {
  const absl::Status valid = ValidateExecution(request.has_execution() ? &request.execution() : nullptr);
  if (!valid.ok()) return call->Fail(valid);
  Execute<api::ResetStickyTaskQueueResponse>(
      frontend, std::move(call), RunOf(name_space->id, request.execution()), engine::workflow::ResetSticky{});
}

}  // namespace perdure::server
