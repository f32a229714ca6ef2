#include "server/frontend/activity_answers.h"

namespace perdure::server {

void RespondActivityTaskCanceled(Frontend& frontend, CallPtr call, NamespacePtr, TaskToken token,
                                 api::RespondActivityTaskCanceledRequest request) {
  const absl::Status valid = ValidateIdentity(request.identity());
  if (!valid.ok()) return call->Fail(valid);
  AnswerActivity<api::RespondActivityTaskCanceledResponse, engine::workflow::CancelActivity,
                 engine::activity::Cancel>(frontend, std::move(call), std::move(token), std::move(request));
}

}  // namespace perdure::server
