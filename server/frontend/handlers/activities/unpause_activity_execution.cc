#include "server/frontend/activity_requests.h"

namespace perdure::server {

void UnpauseActivityExecution(Frontend& frontend, CallPtr call, NamespacePtr name_space,
                              api::UnpauseActivityExecutionRequest request) {
  if (absl::Status refused = RefuseWorkflowActivity(request); !refused.ok()) return call->Fail(refused);
  auto run = ActivityAskedBy(*name_space, frontend.ids, request);
  if (!run.ok()) return call->Fail(run.status());
  if (absl::Status jitter = ValidateJitter(request); !jitter.ok()) return call->Fail(jitter);
  ExecuteOnActivity<api::UnpauseActivityExecutionResponse>(frontend, std::move(call), *std::move(run),
                                                           engine::activity::Unpause{std::move(request)});
}

}  // namespace perdure::server
