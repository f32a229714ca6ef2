#include "server/frontend/activity_answers.h"

namespace perdure::server {

void RespondActivityTaskCanceledById(Frontend& frontend, CallPtr call, NamespacePtr name_space,
                                     api::RespondActivityTaskCanceledByIdRequest request) {
  auto token = TokenById(*name_space, request);
  if (!token.ok()) return call->Fail(token.status());
  auto by_token = ToTokenForm<api::RespondActivityTaskCanceledRequest>(request);
  if (request.has_details()) *by_token.mutable_details() = std::move(*request.mutable_details());
  RunRef run = RunOf(*token);
  Execute<api::RespondActivityTaskCanceledByIdResponse>(
      frontend, std::move(call), std::move(run),
      engine::workflow::CancelActivity{*std::move(token), std::move(by_token)});
}

}  // namespace perdure::server
