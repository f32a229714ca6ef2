#include <utility>
#include <variant>

#include "server/frontend/handlers/handlers.h"
#include "server/frontend/validate.h"

namespace perdure::server {
namespace {

// An answer that is too large is a failure of the query, and no mistake of the worker's call.
void RefuseLargeAnswer(api::RespondQueryTaskCompletedRequest& request) {
  const absl::Status size = ValidateBlobSize(request.query_result().ByteSizeLong());
  if (size.ok()) return;
  request.set_completed_type(temporal::api::enums::v1::QUERY_RESULT_TYPE_FAILED);
  request.clear_query_result();
  request.set_error_message(std::string(size.message()));
  request.clear_failure();
}

}  // namespace

void RespondQueryTaskCompleted(Frontend& frontend, CallPtr call, NamespacePtr, QueryTaskToken token,
                               api::RespondQueryTaskCompletedRequest request) {
  RefuseLargeAnswer(request);
  frontend.matching.AnswerQuery(std::move(token), std::move(request),
                                [call = std::move(call)](const absl::StatusOr<std::monostate>& taken) {
                                  if (!taken.ok()) return call->Fail(taken.status());
                                  call->Reply(api::RespondQueryTaskCompletedResponse());
                                });
}

}  // namespace perdure::server
