#include "server/frontend/handlers/handlers.h"
#include "server/workers/worker_filter.h"

namespace perdure::server {

void CountWorkers(Frontend& frontend, CallPtr call, NamespacePtr name_space,
                  api::CountWorkersRequest request) {
  const auto workers = FilterWorkers(frontend.workers.All(name_space->id, frontend.executor.Now()),
                                     request.query(), request.include_system_workers());
  if (!workers.ok()) return call->Fail(workers.status());
  api::CountWorkersResponse response;
  response.set_count(static_cast<int64_t>(workers->size()));
  call->Reply(response);
}

}  // namespace perdure::server
