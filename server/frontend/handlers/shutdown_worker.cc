#include "server/frontend/handlers/handlers.h"

namespace perdure::server {

void ShutdownWorker(Frontend& frontend, CallPtr call, NamespacePtr name_space,
                    api::ShutdownWorkerRequest request) {
  if (!request.sticky_task_queue().empty()) {
    frontend.matching.ForgetStickyQueue({.namespace_id = name_space->id,
                                         .kind = engine::TaskKind::kWorkflow,
                                         .name = std::move(*request.mutable_sticky_task_queue())});
  }
  call->Reply(api::ShutdownWorkerResponse());
}

}  // namespace perdure::server
