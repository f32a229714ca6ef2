#include "server/frontend/activity_requests.h"

namespace perdure::server {

void DeleteActivityExecution(Frontend& frontend, CallPtr call, NamespacePtr name_space,
                             api::DeleteActivityExecutionRequest request) {
  auto run = ActivityNamedBy(*name_space, request);
  if (!run.ok()) return call->Fail(run.status());
  ExecuteOnActivity<api::DeleteActivityExecutionResponse>(frontend, std::move(call), *std::move(run),
                                                          engine::activity::Delete{});
}

}  // namespace perdure::server
