#include "server/history/declined_tasks.h"

namespace perdure::server {
namespace {

// Places of removed entries are kept up to as many as there are entries, and these besides.
constexpr size_t kRemovedKept = 64;

}  // namespace

void DeclinedTasks::Add(const QueueKey& queue, const persistence::RunKey& run, int64_t scheduled_event_id) {
  Queue& tasks = queues_[queue];
  if (tasks.entries.emplace(run, scheduled_event_id).second)
    tasks.order.emplace_back(run, scheduled_event_id);
}

bool DeclinedTasks::Remove(const QueueKey& queue, const persistence::RunKey& run,
                           int64_t scheduled_event_id) {
  const auto found = queues_.find(queue);
  if (found == queues_.end() || found->second.entries.erase({run, scheduled_event_id}) == 0) return false;
  if (found->second.entries.empty()) {
    queues_.erase(found);
  } else {
    DropRemoved(found->second);
  }
  return true;
}

void DeclinedTasks::DropRemoved(Queue& queue) {
  if (queue.order.size() <= 2 * queue.entries.size() + kRemovedKept) return;
  std::deque<Entry> order;
  absl::flat_hash_set<Entry> placed;  // what was removed and came again has two places
  for (const Entry& entry : queue.order) {
    if (queue.entries.contains(entry) && placed.insert(entry).second) order.push_back(entry);
  }
  queue.order = std::move(order);
}

std::vector<DeclinedTasks::Entry> DeclinedTasks::Take(const QueueKey& queue, size_t most) {
  std::vector<Entry> taken;
  const auto found = queues_.find(queue);
  if (found == queues_.end()) return taken;
  Queue& tasks = found->second;
  while (!tasks.entries.empty() && taken.size() < most) {
    const Entry entry = tasks.order.front();
    tasks.order.pop_front();
    if (tasks.entries.erase(entry) != 0) taken.push_back(entry);
  }
  if (tasks.entries.empty()) queues_.erase(found);
  return taken;
}

size_t DeclinedTasks::Count(const QueueKey& queue) const {
  const auto found = queues_.find(queue);
  return found == queues_.end() ? 0 : found->second.entries.size();
}

}  // namespace perdure::server
