#include <utility>

#include "base/ids.h"
#include "base/status.h"
#include "server/frontend/handlers/handlers.h"
#include "server/frontend/tasks.h"
#include "server/frontend/update_wait.h"

namespace perdure::server {

void PollWorkflowExecutionUpdate(Frontend& frontend, CallPtr call, NamespacePtr name_space,
                                 api::PollWorkflowExecutionUpdateRequest request) {
  if (!request.has_update_ref()) return call->Fail(InvalidArgument("UpdateRef is not set on request."));
  const auto& named = request.update_ref().workflow_execution();
  if (named.workflow_id().empty()) {
    return call->Fail(InvalidArgument("Can't load workflow execution.  WorkflowId not set."));
  }
  if (!named.run_id().empty() && !Uuid::Parse(named.run_id())) {
    return call->Fail(InvalidArgument("RunId is not valid UUID."));
  }
  RunRef run = RunOf(name_space->id, named);
  WaitForUpdate(frontend, std::move(call), std::move(run), engine::workflow::PollUpdate{std::move(request)},
                [](CallPtr answered, const engine::workflow::UpdateReply& status) {
                  answered->Reply(status.response);
                });
}

}  // namespace perdure::server
