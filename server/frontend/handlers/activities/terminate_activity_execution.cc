#include "server/frontend/activity_requests.h"

namespace perdure::server {

void TerminateActivityExecution(Frontend& frontend, CallPtr call, NamespacePtr name_space,
                                api::TerminateActivityExecutionRequest request) {
  auto run = ActivityAskedBy(*name_space, frontend.ids, request);
  if (!run.ok()) return call->Fail(run.status());
  ExecuteOnActivity<api::TerminateActivityExecutionResponse>(frontend, std::move(call), *std::move(run),
                                                             engine::activity::Terminate{std::move(request)});
}

}  // namespace perdure::server
