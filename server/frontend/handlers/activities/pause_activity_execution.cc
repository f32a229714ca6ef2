#include "server/frontend/activity_requests.h"

namespace perdure::server {

void PauseActivityExecution(Frontend& frontend, CallPtr call, NamespacePtr name_space,
                            api::PauseActivityExecutionRequest request) {
  if (absl::Status refused = RefuseWorkflowActivity(request); !refused.ok()) return call->Fail(refused);
  auto run = ActivityAskedBy(*name_space, frontend.ids, request);
  if (!run.ok()) return call->Fail(run.status());
  ExecuteOnActivity<api::PauseActivityExecutionResponse>(frontend, std::move(call), *std::move(run),
                                                         engine::activity::Pause{std::move(request)});
}

}  // namespace perdure::server
