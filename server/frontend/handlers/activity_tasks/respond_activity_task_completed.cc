#include "server/frontend/activity_answers.h"

namespace perdure::server {

void RespondActivityTaskCompleted(Frontend& frontend, CallPtr call, NamespacePtr, TaskToken token,
                                  api::RespondActivityTaskCompletedRequest request) {
  const absl::Status valid = ValidateIdentity(request.identity());
  if (!valid.ok()) return call->Fail(valid);
  AnswerActivity<api::RespondActivityTaskCompletedResponse, engine::workflow::CompleteActivity,
                 engine::activity::Complete>(frontend, std::move(call), std::move(token), std::move(request));
}

}  // namespace perdure::server
