#include "server/frontend/activity_answers.h"

namespace perdure::server {

void RespondActivityTaskFailed(Frontend& frontend, CallPtr call, NamespacePtr, TaskToken token,
                               api::RespondActivityTaskFailedRequest request) {
  const absl::Status valid = ValidateIdentity(request.identity());
  if (!valid.ok()) return call->Fail(valid);
  // The form by id takes any failure, and none.
  if (request.has_failure() && !request.failure().has_application_failure_info()) {
    return call->Fail(InvalidArgument("Failure must have ApplicationFailureInfo."));
  }
  FailActivity<api::RespondActivityTaskFailedResponse>(frontend, std::move(call), std::move(token),
                                                       std::move(request));
}

}  // namespace perdure::server
