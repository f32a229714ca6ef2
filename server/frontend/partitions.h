// The names of partitions. The real server spreads a task queue over partitions: its root bears the queue's
// own name, the others are called /_sys/QUEUE/NUMBER. Here a queue is its root alone; the other names may be
// described, and are empty, as nobody can poll them or schedule on them. Pure functions; safe anywhere.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "temporal/api/enums/v1/task_queue.pb.h"
#include "temporal/api/taskqueue/v1/message.pb.h"

namespace perdure::server {

struct Partition {
  std::string queue;
  int64_t number = 0;  // 0: the root
};

// The partition that `queue` names, for tasks of a type. INVALID_ARGUMENT for a name that is no partition's,
// and for a kind of queue that has no such partition or no such type.
absl::StatusOr<Partition> PartitionOf(const temporal::api::taskqueue::v1::TaskQueue& queue,
                                      temporal::api::enums::v1::TaskQueueType type);

// As NormalizeTaskQueue in validate.h, for a queue that may be a partition.
absl::Status NormalizePartition(temporal::api::taskqueue::v1::TaskQueue* queue);

}  // namespace perdure::server
