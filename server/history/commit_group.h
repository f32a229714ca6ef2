// Runs whose records land together or not at all, and the calls that wait for it.
// Not thread-safe: belongs to one executor's Batcher.
#pragma once

#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "server/history/resident_run.h"

namespace perdure::server {

// Called once: OK when everything that the call was derived from is durable, else the error for its caller.
using DurableCallback = absl::AnyInvocable<void(const absl::Status&) &&>;

struct CommitGroup {
  std::vector<RunPtr> runs;
  std::vector<DurableCallback> waiting;
  size_t rows = 0;
  size_t bytes = 0;
};
using CommitGroupPtr = std::shared_ptr<CommitGroup>;

}  // namespace perdure::server
