#include "server/frontend/activity_answers.h"

namespace perdure::server {

void RespondActivityTaskCompletedById(Frontend& frontend, CallPtr call, NamespacePtr name_space,
                                      api::RespondActivityTaskCompletedByIdRequest request) {
  auto token = TokenById(*name_space, request);
  if (!token.ok()) return call->Fail(token.status());
  auto by_token = ToTokenForm<api::RespondActivityTaskCompletedRequest>(request);
  if (request.has_result()) *by_token.mutable_result() = std::move(*request.mutable_result());
  AnswerActivity<api::RespondActivityTaskCompletedByIdResponse, engine::workflow::CompleteActivity,
                 engine::activity::Complete>(frontend, std::move(call), *std::move(token),
                                             std::move(by_token));
}

}  // namespace perdure::server
