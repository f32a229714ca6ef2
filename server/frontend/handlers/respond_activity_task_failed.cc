#include "server/frontend/activity_answers.h"

namespace perdure::server {

void RespondActivityTaskFailed(Frontend& frontend, CallPtr call, NamespacePtr, TaskToken token,
                               api::RespondActivityTaskFailedRequest request) {
  const absl::Status valid = ValidateIdentity(request.identity());
  if (!valid.ok()) return call->Fail(valid);
  FailActivity<api::RespondActivityTaskFailedResponse>(frontend, std::move(call), std::move(token),
                                                       std::move(request));
}

}  // namespace perdure::server
