#include "base/status.h"
#include "base/time.h"
#include "server/frontend/handlers/handlers.h"
#include "server/frontend/validate.h"

namespace perdure::server {
namespace {

namespace enums = temporal::api::enums::v1;

api::DescribeTaskQueueResponse ToResponse(const QueueDescription& queue, bool report_stats) {
  api::DescribeTaskQueueResponse response;
  for (const PollerInfo& poller : queue.pollers) {
    auto& shown = *response.add_pollers();
    *shown.mutable_last_access_time() = ToProto(poller.last_access_time);
    shown.set_identity(poller.identity);
    shown.set_rate_per_second(poller.rate_per_second);
    if (poller.capabilities.ByteSizeLong() > 0)
      *shown.mutable_worker_version_capabilities() = poller.capabilities;
  }
  if (!report_stats) return response;
  auto& stats = *response.mutable_stats();
  stats.set_approximate_backlog_count(queue.backlog_count);
  *stats.mutable_approximate_backlog_age() = ToProto(queue.backlog_age);
  stats.set_tasks_add_rate(static_cast<float>(queue.tasks_add_rate));
  stats.set_tasks_dispatch_rate(static_cast<float>(queue.tasks_dispatch_rate));
  (*response.mutable_stats_by_priority_key())[3] = stats;
  return response;
}

}  // namespace

void DescribeTaskQueue(Frontend& frontend, CallPtr call, NamespacePtr name_space,
                       api::DescribeTaskQueueRequest request) {
  const absl::Status valid =
      NormalizeTaskQueue(request.has_task_queue() ? request.mutable_task_queue() : nullptr);
  if (!valid.ok()) return call->Fail(valid);
  if (request.api_mode() == enums::DESCRIBE_TASK_QUEUE_MODE_ENHANCED) {
    return call->Fail(absl::UnimplementedError("DescribeTaskQueue in mode ENHANCED is not implemented."));
  }
  QueueKey queue{.namespace_id = name_space->id,
                 .kind = request.task_queue_type() == enums::TASK_QUEUE_TYPE_ACTIVITY
                             ? engine::TaskKind::kActivity
                             : engine::TaskKind::kWorkflow,
                 .name = std::move(*request.mutable_task_queue()->mutable_name())};
  frontend.matching.Describe(std::move(queue),
                             [call = std::move(call), report_stats = request.report_stats()](
                                 absl::StatusOr<QueueDescription> described) mutable {
                               if (!described.ok()) return call->Fail(described.status());
                               call->Reply(ToResponse(*described, report_stats));
                             });
}

}  // namespace perdure::server
