#include "server/frontend/activity_requests.h"

namespace perdure::server {

void RequestCancelActivityExecution(Frontend& frontend, CallPtr call, NamespacePtr name_space,
                                    api::RequestCancelActivityExecutionRequest request) {
  auto run = ActivityAskedBy(*name_space, frontend.ids, request);
  if (!run.ok()) return call->Fail(run.status());
  ExecuteOnActivity<api::RequestCancelActivityExecutionResponse>(
      frontend, std::move(call), *std::move(run), engine::activity::RequestCancel{std::move(request)});
}

}  // namespace perdure::server
