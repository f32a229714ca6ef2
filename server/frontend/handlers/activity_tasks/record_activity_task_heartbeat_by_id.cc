#include "server/frontend/activity_answers.h"

namespace perdure::server {

void RecordActivityTaskHeartbeatById(Frontend& frontend, CallPtr call, NamespacePtr name_space,
                                     api::RecordActivityTaskHeartbeatByIdRequest request) {
  auto token = TokenById(*name_space, request);
  if (!token.ok()) return call->Fail(token.status());
  auto by_token = ToTokenForm<api::RecordActivityTaskHeartbeatRequest>(request);
  if (request.has_details()) *by_token.mutable_details() = std::move(*request.mutable_details());
  HeartbeatActivity<api::RecordActivityTaskHeartbeatByIdResponse>(frontend, std::move(call),
                                                                  *std::move(token), std::move(by_token));
}

}  // namespace perdure::server
