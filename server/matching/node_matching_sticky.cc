// NodeMatching: sticky queues, whose one worker may be gone.
#include <utility>
#include <vector>

#include "server/matching/node_matching.h"
#include "server/matching/refusal.h"
#include "spdlog/spdlog.h"

namespace perdure::server {

namespace workflow = engine::workflow;

namespace {

// matching.stickyPollerUnavailableWindow of the real server.
constexpr absl::Duration kStickyWorkerMemory = absl::Seconds(10);
constexpr absl::Duration kRetry = absl::Milliseconds(200);

}  // namespace

bool NodeMatching::WorkerGone(TaskQueue& queue) const {
  return !queue.HasPoll() && !queue.pollers.SawAnyoneSince(executor_.Now() - kStickyWorkerMemory);
}

void NodeMatching::MoveToNormalQueue(const Task& task) {
  history_.Execute(
      task.run, workflow::ResetSticky{.move_pending_task = true},
      [this, task](const absl::StatusOr<workflow::Reply>& reply) {
        if (reply.ok() || TaskIsStale(reply.status())) return;
        executor_.Post([this, task] { executor_.RunAfter(kRetry, [this, task] { OnOffer(task); }); });
      });
}

void NodeMatching::ForgetStickyQueue(QueueKey key) {
  executor_.Post([this, key = std::move(key)] {
    const auto found = queues_.find(key);
    if (found == queues_.end()) return;
    TaskQueue& queue = *found->second;
    queue.pollers = PollerHistory();
    while (queue.HasQuery()) EndQuery(queue.TakeQuery(), QueryAnswer{});
    std::vector<Task> left;
    while (queue.HasTask()) left.push_back(queue.TakeTask().task);
    for (const Task& task : left) {
      if (task.dispatch.sticky) MoveToNormalQueue(task);
    }
    UpdateBacklog(queue);
  });
}

}  // namespace perdure::server
