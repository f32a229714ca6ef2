// A query from its arrival to its answer. Not thread-safe: belongs to NodeMatching's executor.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/time/time.h"
#include "base/executor.h"
#include "server/matching/matching.h"

namespace perdure::server {

struct WaitingQuery {
  uint64_t id = 0;  // in order of arrival
  QueueKey queue;
  QueryTask task;
  std::string nonce;
  uint64_t order = 0;       // its place in the queue, within its priority
  absl::Duration arrived;   // monotonic
  absl::Duration deadline;  // the same
  Callback<QueryAnswer> done;
  bool waited = false;    // no poll was waiting when it came
  bool in_queue = false;  // no poll has it
  Executor::TimerId timer = Executor::kNoTimer;
  Executor::TimerId poller_timer = Executor::kNoTimer;  // when its queue should have been polled
};
using QueryPtr = std::shared_ptr<WaitingQuery>;

}  // namespace perdure::server
