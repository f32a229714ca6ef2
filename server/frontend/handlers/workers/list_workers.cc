#include <algorithm>

#include "base/limits.h"
#include "base/status.h"
#include "server/frontend/handlers/handlers.h"
#include "server/workers/worker_filter.h"

namespace perdure::server {
namespace {

void AddWorker(const WorkerHeartbeat& worker, api::ListWorkersResponse& response) {
  *response.add_workers_info()->mutable_worker_heartbeat() = worker;
  auto& shown = *response.add_workers();
  shown.set_worker_instance_key(worker.worker_instance_key());
  shown.set_worker_identity(worker.worker_identity());
  shown.set_task_queue(worker.task_queue());
  if (worker.has_deployment_version()) *shown.mutable_deployment_version() = worker.deployment_version();
  shown.set_sdk_name(worker.sdk_name());
  shown.set_sdk_version(worker.sdk_version());
  shown.set_status(worker.status());
  if (worker.has_start_time()) *shown.mutable_start_time() = worker.start_time();
  shown.set_host_name(worker.host_info().host_name());
  shown.set_worker_grouping_key(worker.host_info().worker_grouping_key());
  shown.set_process_id(worker.host_info().process_id());
  *shown.mutable_plugins() = worker.plugins();
  *shown.mutable_drivers() = worker.drivers();
}

}  // namespace

void ListWorkers(Frontend& frontend, CallPtr call, NamespacePtr name_space, api::ListWorkersRequest request) {
  WorkerPageToken token;
  const bool continued = !request.next_page_token().empty();
  if (continued && (!frontend.tokens.Open(TokenKind::kWorkerPage, request.next_page_token(), token) ||
                    token.namespace_id() != name_space->id.View())) {
    return call->Fail(InvalidArgument("invalid next_page_token"));
  }
  const auto workers = FilterWorkers(frontend.workers.All(name_space->id, frontend.executor.Now()),
                                     request.query(), request.include_system_workers());
  if (!workers.ok()) return call->Fail(workers.status());

  const int asked = request.page_size();
  const size_t page = asked <= 0 ? limits::kListPage : std::min<size_t>(asked, limits::kListPage);
  api::ListWorkersResponse response;
  size_t bytes = 0;
  for (const WorkerPtr& worker : *workers) {
    if (continued && worker->worker_instance_key() <= token.after_key()) continue;
    bytes += 2 * worker->ByteSizeLong();  // it stands there whole, and in short
    const bool first = response.workers().empty();
    if (static_cast<size_t>(response.workers_size()) == page || (!first && bytes > limits::kListPageBytes)) {
      token.set_namespace_id(std::string(name_space->id.View()));
      token.set_after_key(response.workers(response.workers_size() - 1).worker_instance_key());
      response.set_next_page_token(frontend.tokens.Seal(TokenKind::kWorkerPage, token));
      break;
    }
    AddWorker(*worker, response);
  }
  call->Reply(response);
}

}  // namespace perdure::server
