// NodeMatching: queues that nobody uses any more.
#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "server/matching/node_matching.h"

namespace perdure::server {

namespace {

// A queue without tasks and polls is forgotten when nobody polled it for so long.
constexpr absl::Duration kQueueMemory = absl::Minutes(5);
constexpr absl::Duration kIdleCheckInterval = absl::Minutes(1);
// An owner answers at once, over calls that are repeated until they are heard.
constexpr absl::Duration kOwnerSilence = absl::Minutes(1);

}  // namespace

void NodeMatching::ForgetIdleQueuesLater() {
  // Somebody may poll a new queue each time: the timer would come too late for that.
  if (queues_.size() > crowd_) {
    crowd_ = std::numeric_limits<size_t>::max();  // asked for once
    executor_.Post([this] { ForgetCrowd(); });
  }
  if (cleaning_ != Executor::kNoTimer) return;
  cleaning_ = executor_.RunAfter(kIdleCheckInterval, [this] {
    cleaning_ = Executor::kNoTimer;
    ForgetIdleQueues();
  });
}

void NodeMatching::ForgetIdleQueues() {
  const absl::Time since = executor_.Now() - kQueueMemory;
  for (auto entry = queues_.begin(); entry != queues_.end();) {
    const auto here = entry++;
    TaskQueue& queue = *here->second;
    FindPlaceForMetrics(queue);
    queue.ForgetSilentOwners(executor_.Monotonic() - kOwnerSilence);
    UpdateBacklog(queue);  // its age has grown
    queue.pollers.Forget(executor_.Now());
    if (queue.Idle() && !queue.pollers.SawAnyoneSince(since)) queues_.erase(here);
  }
  if (!queues_.empty()) ForgetIdleQueuesLater();
}

void NodeMatching::ForgetCrowd() {
  std::vector<std::pair<absl::Time, const QueueKey*>> idle;
  for (const auto& [key, queue] : queues_) {
    if (queue->Idle()) idle.emplace_back(queue->pollers.last_access(), &queue->key());
  }
  if (idle.size() > idle_queues_) {
    const auto kept = idle.end() - static_cast<std::ptrdiff_t>(idle_queues_);
    std::nth_element(idle.begin(), kept, idle.end());
    for (auto oldest = idle.begin(); oldest != kept; ++oldest) queues_.erase(QueueKey(*oldest->second));
  }
  // Not for each queue that comes: an eighth more may gather.
  crowd_ = std::max(idle_queues_, queues_.size()) * 9 / 8;
}

}  // namespace perdure::server
