#include "engine/values/durations.h"
#include "server/frontend/activity_requests.h"

namespace perdure::server {

void UnpauseActivityExecution(Frontend& frontend, CallPtr call, NamespacePtr name_space,
                              api::UnpauseActivityExecutionRequest request) {
  if (absl::Status refused = RefuseWorkflowActivity(request); !refused.ok()) return call->Fail(refused);
  auto run = ActivityAskedBy(*name_space, frontend.ids, request);
  if (!run.ok()) return call->Fail(run.status());
  if (request.has_jitter()) {
    if (const auto wrong = engine::ValidateAndCap(*request.mutable_jitter())) {
      return call->Fail(InvalidArgument(absl::StrCat("invalid jitter: ", std::string(*wrong))));
    }
  }
  ExecuteOnActivity<api::UnpauseActivityExecutionResponse>(frontend, std::move(call), *std::move(run),
                                                           engine::activity::Unpause{std::move(request)});
}

}  // namespace perdure::server
