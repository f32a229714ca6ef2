#include "server/frontend/activity_answers.h"

namespace perdure::server {

void RespondActivityTaskFailedById(Frontend& frontend, CallPtr call, NamespacePtr name_space,
                                   api::RespondActivityTaskFailedByIdRequest request) {
  auto token = TokenById(*name_space, request);
  if (!token.ok()) return call->Fail(token.status());
  auto by_token = ToTokenForm<api::RespondActivityTaskFailedRequest>(request);
  if (request.has_failure()) *by_token.mutable_failure() = std::move(*request.mutable_failure());
  if (request.has_last_heartbeat_details()) {
    *by_token.mutable_last_heartbeat_details() = std::move(*request.mutable_last_heartbeat_details());
  }
  FailActivity<api::RespondActivityTaskFailedByIdResponse>(frontend, std::move(call), *std::move(token),
                                                           std::move(by_token));
}

}  // namespace perdure::server
