#include "server/frontend/partitions.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "base/limits.h"
#include "base/status.h"
#include "base/text.h"

namespace perdure::server {
namespace {

namespace enums = temporal::api::enums::v1;

constexpr std::string_view kPrefix = "/_sys/";

bool HasPrefix(std::string_view name) { return name.substr(0, kPrefix.size()) == kPrefix; }

// 0 when it is no number of a partition other than the root.
int64_t NumberOf(std::string_view text) {
  if (!text.empty() && text.front() == '+') text.remove_prefix(1);
  int64_t number = 0;
  const bool digits = std::all_of(text.begin(), text.end(), [](char c) { return absl::ascii_isdigit(c); });
  return digits && absl::SimpleAtoi({text.data(), text.size()}, &number) ? number : 0;
}

absl::StatusOr<Partition> ParseName(std::string_view name) {
  Partition partition{.queue = std::string(name)};
  if (HasPrefix(name)) {
    const size_t slash = name.rfind('/');
    partition.number = slash > kPrefix.size() ? NumberOf(name.substr(slash + 1)) : 0;
    if (partition.number == 0) {
      return InvalidArgument(fmt::format("invalid task queue partition name {}", Shown(name)));
    }
    partition.queue = std::string(name.substr(kPrefix.size(), slash - kPrefix.size()));
  }
  if (HasPrefix(partition.queue)) {
    return InvalidArgument(
        fmt::format("task queue family name cannot have prefix /_sys/ {}", Shown(partition.queue)));
  }
  return partition;
}

std::string_view NameOf(enums::TaskQueueType type) {
  switch (type) {
    case enums::TASK_QUEUE_TYPE_WORKFLOW:
      return "Workflow";
    case enums::TASK_QUEUE_TYPE_ACTIVITY:
      return "Activity";
    case enums::TASK_QUEUE_TYPE_NEXUS:
      return "Nexus";
    default:  // any number may come from a client
      return "Unspecified";
  }
}

}  // namespace

absl::StatusOr<Partition> PartitionOf(const temporal::api::taskqueue::v1::TaskQueue& queue,
                                      enums::TaskQueueType type) {
  absl::StatusOr<Partition> partition = ParseName(queue.name());
  if (!partition.ok()) return partition;
  const bool sticky = queue.kind() == enums::TASK_QUEUE_KIND_STICKY;
  if (!queue.normal_name().empty() && !sticky) {
    return InvalidArgument(fmt::format("only sticky queues can have normal name. tq: {}, normal name: {}",
                                       Shown(partition->queue), Shown(queue.normal_name())));
  }
  // The real server answers UNKNOWN here, which clients repeat for ever.
  if (sticky && partition->number != 0) {
    return InvalidArgument(fmt::format("sticky partitions cannot have non-zero partition ID. base name: {}",
                                       Shown(partition->queue)));
  }
  if (queue.kind() != enums::TASK_QUEUE_KIND_WORKER_COMMANDS) return partition;
  if (partition->number != 0) {
    return InvalidArgument(
        fmt::format("worker-commands partitions cannot have non-zero partition ID. base name: {}",
                    Shown(partition->queue)));
  }
  if (type != enums::TASK_QUEUE_TYPE_NEXUS) {
    return InvalidArgument(
        fmt::format("worker-commands partitions must have nexus task type, got: {}. base name: {}",
                    NameOf(type), Shown(partition->queue)));
  }
  return partition;
}

absl::Status NormalizePartition(temporal::api::taskqueue::v1::TaskQueue* queue) {
  if (queue == nullptr) return InvalidArgument("taskQueue is not set");
  if (queue->kind() == enums::TASK_QUEUE_KIND_UNSPECIFIED) queue->set_kind(enums::TASK_QUEUE_KIND_NORMAL);
  if (queue->name().empty()) return InvalidArgument("missing task queue name");
  const bool sticky = queue->kind() == enums::TASK_QUEUE_KIND_STICKY;
  if (queue->name().size() > limits::kIdLength ||
      (sticky && queue->normal_name().size() > limits::kIdLength)) {
    return InvalidArgument("taskQueue length exceeds limit");
  }
  return absl::OkStatus();
}

}  // namespace perdure::server
