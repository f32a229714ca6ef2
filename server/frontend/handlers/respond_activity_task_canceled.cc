#include "server/frontend/activity_answers.h"

namespace perdure::server {

void RespondActivityTaskCanceled(Frontend& frontend, CallPtr call, NamespacePtr, TaskToken token,
                                 api::RespondActivityTaskCanceledRequest request) {
  const absl::Status valid = ValidateIdentity(request.identity());
  if (!valid.ok()) return call->Fail(valid);
  RunRef run = RunOf(token);
  Execute<api::RespondActivityTaskCanceledResponse>(
      frontend, std::move(call), std::move(run),
      engine::workflow::CancelActivity{std::move(token), std::move(request)});
}

}  // namespace perdure::server
