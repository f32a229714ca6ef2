// The tasks that matching declined, by queue and in the order in which it did, until it has room for them. A
// dispatch of a run stands here once, however often it was offered.
//
// An entry may be stale: what it stood for was offered again meanwhile, and taken.
// Not thread-safe.
#pragma once

#include <cstdint>
#include <deque>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "persistence/batch.h"
#include "server/history/task_sink.h"

namespace perdure::server {

class DeclinedTasks {
 public:
  // A task's run and its scheduled event: the queue says the kind, and attempts follow each other.
  using Entry = std::pair<persistence::RunKey, int64_t>;

  void Add(const QueueKey& queue, const persistence::RunKey& run, int64_t scheduled_event_id);
  // False when it is not here.
  bool Remove(const QueueKey& queue, const persistence::RunKey& run, int64_t scheduled_event_id);
  // The first tasks of the queue, at most `most`; they are here no more.
  std::vector<Entry> Take(const QueueKey& queue, size_t most);
  size_t Count(const QueueKey& queue) const;
  bool empty() const { return queues_.empty(); }
  void Clear() { queues_.clear(); }

 private:
  struct Queue {
    std::deque<Entry> order;  // also of entries that were removed
    absl::flat_hash_set<Entry> entries;
  };
  static void DropRemoved(Queue& queue);

  absl::flat_hash_map<QueueKey, Queue> queues_;
};

}  // namespace perdure::server
