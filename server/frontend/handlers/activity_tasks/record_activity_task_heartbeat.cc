#include "server/frontend/activity_answers.h"

namespace perdure::server {

void RecordActivityTaskHeartbeat(Frontend& frontend, CallPtr call, NamespacePtr, TaskToken token,
                                 api::RecordActivityTaskHeartbeatRequest request) {
  HeartbeatActivity<api::RecordActivityTaskHeartbeatResponse>(frontend, std::move(call), std::move(token),
                                                              std::move(request));
}

}  // namespace perdure::server
