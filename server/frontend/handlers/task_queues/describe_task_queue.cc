#include "server/frontend/handlers/task_queues/describe_task_queue.h"

#include <fmt/format.h>

#include "absl/time/civil_time.h"
#include "base/limits.h"
#include "base/status.h"
#include "base/text.h"
#include "base/time.h"
#include "server/frontend/handlers/handlers.h"
#include "server/frontend/partitions.h"
#include "server/frontend/validate.h"

namespace perdure::server {
namespace {

namespace enums = temporal::api::enums::v1;

constexpr int kDefaultPriority = 3;

struct Asked {
  bool stats = false;
  bool status = false;
  bool versions = false;  // a queue of a worker's commands has none
};

api::DescribeTaskQueueResponse ToResponse(const QueueDescription& queue, Asked asked) {
  api::DescribeTaskQueueResponse response;
  AddPollers(queue, *response.mutable_pollers());
  if (asked.versions) {
    // No version was ever set: the start of Go's time says so.
    auto& versioning = *response.mutable_versioning_info();
    versioning.set_current_version("__unversioned__");
    *versioning.mutable_update_time() = ToProto(absl::FromCivil(absl::CivilYear(1), absl::UTCTimeZone()));
  }
  if (queue.rate_limit) {
    auto& limit = *response.mutable_effective_rate_limit();
    limit.set_requests_per_second(static_cast<float>(*queue.rate_limit));
    limit.set_rate_limit_source(enums::RATE_LIMIT_SOURCE_WORKER);
  }
  if (asked.status) {
    response.mutable_task_queue_status()->set_backlog_count_hint(queue.backlog_count);
    response.mutable_task_queue_status()->set_rate_per_second(queue.rate_limit.value_or(0));
  }
  if (!asked.stats) return response;
  *response.mutable_stats() = StatsOf(queue);
  (*response.mutable_stats_by_priority_key())[kDefaultPriority] = response.stats();
  return response;
}

absl::Status Validate(api::DescribeTaskQueueRequest& request) {
  auto* named = request.has_task_queue() ? request.mutable_task_queue() : nullptr;
  absl::Status queue = request.api_mode() == enums::DESCRIBE_TASK_QUEUE_MODE_UNSPECIFIED
                           ? NormalizePartition(named)
                           : NormalizeTaskQueue(named);
  if (!queue.ok()) return queue;
  const auto build_ids = static_cast<size_t>(request.versions().build_ids_size());
  if (request.report_task_reachability() && build_ids > limits::kReachabilityBuildIds) {
    return InvalidArgument(
        fmt::format("Too many build ids queried at once with ReportTaskReachability==true, limit: {}",
                    limits::kReachabilityBuildIds));
  }
  if (request.api_mode() == enums::DESCRIBE_TASK_QUEUE_MODE_ENHANCED) return absl::OkStatus();
  const auto type = request.task_queue_type() == enums::TASK_QUEUE_TYPE_UNSPECIFIED
                        ? enums::TASK_QUEUE_TYPE_WORKFLOW
                        : request.task_queue_type();
  const absl::StatusOr<Partition> partition = PartitionOf(request.task_queue(), type);
  if (!partition.ok()) return partition.status();
  if (request.report_stats() && partition->number != 0) {
    return InvalidArgument("DescribeTaskQueue stats are only supported for the root partition");
  }
  return absl::OkStatus();
}

temporal::api::taskqueue::v1::PollerInfo PollerOf(const PollerInfo& poller) {
  temporal::api::taskqueue::v1::PollerInfo shown;
  *shown.mutable_last_access_time() = ToProto(poller.last_access_time);
  shown.set_identity(poller.identity);
  shown.set_rate_per_second(poller.rate_per_second);
  if (poller.capabilities.ByteSizeLong() > 0) {
    *shown.mutable_worker_version_capabilities() = poller.capabilities;
  }
  if (poller.deployment_options.ByteSizeLong() > 0) {
    *shown.mutable_deployment_options() = poller.deployment_options;
  }
  return shown;
}

}  // namespace

void AddPollers(const QueueDescription& queue,
                google::protobuf::RepeatedPtrField<temporal::api::taskqueue::v1::PollerInfo>& pollers) {
  size_t bytes = 0;
  for (const PollerInfo& poller : queue.pollers) {
    auto shown = PollerOf(poller);
    bytes += shown.ByteSizeLong();
    if (bytes > limits::kPollersBytes) return;
    *pollers.Add() = std::move(shown);
  }
}

temporal::api::taskqueue::v1::TaskQueueStats StatsOf(const QueueDescription& queue) {
  temporal::api::taskqueue::v1::TaskQueueStats stats;
  stats.set_approximate_backlog_count(queue.backlog_count);
  stats.set_rate_limiting_active(queue.rate_limiting);
  *stats.mutable_approximate_backlog_age() = ToProto(queue.backlog_age);
  stats.set_tasks_add_rate(static_cast<float>(queue.tasks_add_rate));
  stats.set_tasks_dispatch_rate(static_cast<float>(queue.tasks_dispatch_rate));
  return stats;
}

void DescribeTaskQueue(Frontend& frontend, CallPtr call, NamespacePtr name_space,
                       api::DescribeTaskQueueRequest request) {
  const absl::Status valid = Validate(request);
  if (!valid.ok()) return call->Fail(valid);
  if (request.api_mode() == enums::DESCRIBE_TASK_QUEUE_MODE_ENHANCED) {
    return DescribeTaskQueueEnhanced(frontend, std::move(call), name_space->id, std::move(request));
  }
  QueueKey queue{.namespace_id = name_space->id,
                 .kind = request.task_queue_type() == enums::TASK_QUEUE_TYPE_ACTIVITY
                             ? engine::TaskKind::kActivity
                             : engine::TaskKind::kWorkflow,
                 .name = std::move(*request.mutable_task_queue()->mutable_name())};
  const Asked asked{.stats = request.report_stats(),
                    .status = request.include_task_queue_status(),
                    .versions = request.task_queue().kind() != enums::TASK_QUEUE_KIND_WORKER_COMMANDS};
  frontend.matching.Describe(
      std::move(queue), [call = std::move(call), asked](absl::StatusOr<QueueDescription> described) mutable {
        if (!described.ok()) return call->Fail(described.status());
        call->Reply(ToResponse(*described, asked));
      });
}

}  // namespace perdure::server
