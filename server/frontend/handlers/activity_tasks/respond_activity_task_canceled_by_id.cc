#include "server/frontend/activity_answers.h"

namespace perdure::server {

void RespondActivityTaskCanceledById(Frontend& frontend, CallPtr call, NamespacePtr name_space,
                                     api::RespondActivityTaskCanceledByIdRequest request) {
  auto token = TokenById(*name_space, request);
  if (!token.ok()) return call->Fail(token.status());
  auto by_token = ToTokenForm<api::RespondActivityTaskCanceledRequest>(request);
  if (request.has_details()) *by_token.mutable_details() = std::move(*request.mutable_details());
  AnswerActivity<api::RespondActivityTaskCanceledByIdResponse, engine::workflow::CancelActivity,
                 engine::activity::Cancel>(frontend, std::move(call), *std::move(token), std::move(by_token));
}

}  // namespace perdure::server
