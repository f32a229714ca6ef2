#include "server/frontend/activity_requests.h"

namespace perdure::server {

void ResetActivityExecution(Frontend& frontend, CallPtr call, NamespacePtr name_space,
                            api::ResetActivityExecutionRequest request) {
  if (absl::Status refused = RefuseWorkflowActivity(request); !refused.ok()) return call->Fail(refused);
  auto run = ActivityAskedBy(*name_space, frontend.ids, request);
  if (!run.ok()) return call->Fail(run.status());
  if (absl::Status jitter = ValidateJitter(request); !jitter.ok()) return call->Fail(jitter);
  ExecuteOnActivity<api::ResetActivityExecutionResponse>(frontend, std::move(call), *std::move(run),
                                                         engine::activity::Reset{std::move(request)});
}

}  // namespace perdure::server
