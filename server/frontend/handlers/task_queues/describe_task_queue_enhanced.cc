#include <fmt/format.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/btree_set.h"
#include "base/limits.h"
#include "base/status.h"
#include "server/frontend/handlers/task_queues/describe_task_queue.h"
#include "server/frontend/partitions.h"

namespace perdure::server {
namespace {

namespace enums = temporal::api::enums::v1;
using temporal::api::taskqueue::v1::TaskQueueTypeInfo;
using temporal::api::taskqueue::v1::TaskQueueVersionInfo;

// The tasks of workers without versioning, which are all tasks: no run is ever assigned to a build id.
constexpr const char* kUnversioned = "";

struct Description {
  CallPtr call;
  Matching& matching;
  QueueKey queue;
  api::DescribeTaskQueueRequest request;
  std::vector<int> unasked;  // types that matching knows
  api::DescribeTaskQueueResponse response;
};

// The selection all_active adds the versions that have queues of their own: there are none.
absl::btree_set<std::string> BuildIds(const api::DescribeTaskQueueRequest& request) {
  if (!request.has_versions()) return {kUnversioned};
  const auto& asked = request.versions().build_ids();
  absl::btree_set<std::string> build_ids(asked.begin(), asked.end());
  if (request.versions().unversioned()) build_ids.insert(kUnversioned);
  return build_ids;
}

// Any number may be asked for, and is described as a queue that nobody uses.
absl::btree_set<int> Types(const api::DescribeTaskQueueRequest& request) {
  if (request.task_queue_types().empty()) {
    return {enums::TASK_QUEUE_TYPE_WORKFLOW, enums::TASK_QUEUE_TYPE_ACTIVITY};
  }
  return {request.task_queue_types().begin(), request.task_queue_types().end()};
}

TaskQueueTypeInfo ToTypeInfo(const QueueDescription& queue, const api::DescribeTaskQueueRequest& request) {
  TaskQueueTypeInfo info;
  if (request.report_pollers()) {
    AddPollers(queue, *info.mutable_pollers());
  }
  if (request.report_stats()) *info.mutable_stats() = StatsOf(queue);
  return info;
}

TaskQueueVersionInfo UnusedVersion(const std::string& build_id, const absl::btree_set<int>& types,
                                   const api::DescribeTaskQueueRequest& request) {
  TaskQueueVersionInfo version;
  for (const int type : types) (*version.mutable_types_info())[type] = ToTypeInfo({}, request);
  if (request.report_task_reachability()) {
    version.set_task_reachability(build_id == kUnversioned ? enums::BUILD_ID_TASK_REACHABILITY_REACHABLE
                                                           : enums::BUILD_ID_TASK_REACHABILITY_UNREACHABLE);
  }
  return version;
}

// Asks matching for one type after the other, then replies.
void Continue(std::unique_ptr<Description> description) {
  if (description->unasked.empty()) return description->call->Reply(description->response);
  const int type = description->unasked.back();
  description->unasked.pop_back();
  QueueKey queue = description->queue;
  queue.kind =
      type == enums::TASK_QUEUE_TYPE_ACTIVITY ? engine::TaskKind::kActivity : engine::TaskKind::kWorkflow;
  Matching& matching = description->matching;
  matching.Describe(std::move(queue), [type, description = std::move(description)](
                                          absl::StatusOr<QueueDescription> described) mutable {
    if (!described.ok()) return description->call->Fail(described.status());
    auto& version = (*description->response.mutable_versions_info())[kUnversioned];
    (*version.mutable_types_info())[type] = ToTypeInfo(*described, description->request);
    Continue(std::move(description));
  });
}

}  // namespace

void DescribeTaskQueueEnhanced(Frontend& frontend, CallPtr call, const Uuid& namespace_id,
                               api::DescribeTaskQueueRequest request) {
  if (request.task_queue().kind() == enums::TASK_QUEUE_KIND_STICKY) {
    return call->Fail(InvalidArgument(
        "Enhanced DescribeTaskQueue is not valid for a sticky queue, use api_mode=UNSPECIFIED "
        "or a normal queue."));
  }
  if (!PartitionOf(request.task_queue(), enums::TASK_QUEUE_TYPE_WORKFLOW).ok()) {
    return call->Fail(
        InvalidArgument("Task Queue Partition invalid, use a different Task Queue or Task Queue Type"));
  }
  const auto build_ids = BuildIds(request);
  const auto types = Types(request);
  if (build_ids.size() * types.size() > limits::kDescribedTypes) {
    return call->Fail(InvalidArgument(fmt::format(
        "Too many build ids and task queue types described at once, limit: {}", limits::kDescribedTypes)));
  }
  auto description = std::make_unique<Description>(Description{
      .call = std::move(call),
      .matching = frontend.matching,
      .queue = {.namespace_id = namespace_id, .name = request.task_queue().name()},
      .request = std::move(request),
      .unasked = {},
      .response = {},
  });
  auto& versions = *description->response.mutable_versions_info();
  for (const std::string& build_id : build_ids) {
    versions[build_id] = UnusedVersion(build_id, types, description->request);
  }
  if (build_ids.contains(kUnversioned)) {
    for (const int type : {enums::TASK_QUEUE_TYPE_WORKFLOW, enums::TASK_QUEUE_TYPE_ACTIVITY}) {
      if (types.contains(type)) description->unasked.push_back(type);
    }
  }
  Continue(std::move(description));
}

}  // namespace perdure::server
