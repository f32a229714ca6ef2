#include "server/frontend/activity_requests.h"
#include "server/frontend/validate.h"

namespace perdure::server {

void StartActivityExecution(Frontend& frontend, CallPtr call, NamespacePtr name_space,
                            api::StartActivityExecutionRequest request) {
  absl::Status valid = ValidateActivityTextLength("request ID", request.request_id().size());
  if (valid.ok()) valid = ValidateActivityTextLength("identity", request.identity().size());
  if (valid.ok()) valid = ValidateLinks(request.links());
  if (!valid.ok()) return call->Fail(valid);
  if (request.request_id().empty()) request.set_request_id(frontend.ids.Mint().ToString());
  ActivityHistory(frontend.history.entities())
      .Start(name_space->id, std::move(request),
             [call = std::move(call)](absl::StatusOr<engine::activity::StartReply> reply) mutable {
               if (!reply.ok()) return call->Fail(reply.status());
               call->Reply(reply->response);
             });
}

}  // namespace perdure::server
