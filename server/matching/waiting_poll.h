// A worker's poll from its arrival to its answer, and the table by which a cancelled call finds its poll.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "base/executor.h"
#include "base/mutex.h"
#include "server/matching/matching.h"
#include "server/metrics/metrics.h"

namespace perdure::server {

// Owned by whoever has it at the moment: its queue while it waits, the attempt to match it meanwhile. Not
// thread-safe but for `gone`.
struct WaitingPoll {
  uint64_t id = 0;  // in order of arrival: its place in the queue
  QueueKey queue;
  Poll poll;
  std::string request_id;  // minted once: a start whose reply was lost is repeated with it
  absl::Duration arrived;  // monotonic
  absl::Duration deadline;
  Callback<PolledTask> done;
  Executor::TimerId timer = Executor::kNoTimer;
  std::atomic<bool> gone = false;  // its caller is
};
using PollPtr = std::shared_ptr<WaitingPoll>;

const std::string& IdentityOf(const Poll& poll);
// For workflow tasks of one worker's sticky queue.
bool IsSticky(const Poll& poll);

// Thread safety: any thread.
class PollTable {
 public:
  explicit PollTable(Gauge& waiting) : waiting_(waiting) {}

  // False when there are too many.
  bool Add(const PollPtr& poll);
  // True for the first who asks: it is the one to answer the poll.
  bool Claim(uint64_t id);
  // Marks the poll as gone: it is never matched from then on. Null when it has been answered.
  PollPtr MarkGone(uint64_t id);
  // Those not answered yet, in order of arrival.
  std::vector<PollPtr> All();

 private:
  Gauge& waiting_;
  Mutex mutex_;
  absl::flat_hash_map<uint64_t, PollPtr> polls_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace perdure::server
