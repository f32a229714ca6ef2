#include <fmt/format.h>

#include "base/status.h"
#include "base/text.h"
#include "server/frontend/handlers/handlers.h"

namespace perdure::server {

void DescribeWorker(Frontend& frontend, CallPtr call, NamespacePtr name_space,
                    api::DescribeWorkerRequest request) {
  const WorkerPtr worker =
      frontend.workers.Find(name_space->id, request.worker_instance_key(), frontend.executor.Now());
  if (worker == nullptr) {
    return call->Fail(NotFound(fmt::format("Worker {} not found", Shown(request.worker_instance_key()))));
  }
  api::DescribeWorkerResponse response;
  *response.mutable_worker_info()->mutable_worker_heartbeat() = *worker;
  call->Reply(response);
}

}  // namespace perdure::server
