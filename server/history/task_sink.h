// What history needs of matching, and what matching tells history about it: tasks that wait for a worker.
// Either may be another node's: owners are named, and nothing here is a pointer.
//
// Thread safety: every method may be called from any thread; none acts inside the call (they post). Calls of
// one thread to one sink, or to one owner, arrive in their order.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "base/ids.h"
#include "engine/entity.h"
#include "server/history/entity_ref.h"

namespace perdure::server {

struct QueueKey {
  Uuid namespace_id;
  engine::TaskKind kind = engine::TaskKind::kWorkflow;
  std::string name;
  friend bool operator==(const QueueKey&, const QueueKey&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const QueueKey& key) {
    return H::combine(std::move(h), key.namespace_id, key.kind, key.name);
  }
};

// Who owns a task: the writer of its run's shard (persistence/node_lease.h gives no writer to two nodes). One
// that no longer writes hears nothing.
struct OwnerId {
  uint32_t writer = 0;  // 0: nobody
  friend bool operator==(const OwnerId&, const OwnerId&) = default;
};

// A dispatch of one run, offered by its owner. The same (run, kind, scheduled event id, attempt) is the same
// task: a queue holds it once.
struct Task {
  RunRef run;
  engine::Dispatch dispatch;
  OwnerId owner;
};

inline QueueKey QueueOf(const Task& task) {
  return {task.run.namespace_id, task.dispatch.kind, task.dispatch.task_queue};
}

// What matching tells the owners of tasks.
class TaskOwners {
 public:
  virtual ~TaskOwners() = default;
  // The window of the task's queue is full: matching does not hold the task. HasRoom follows.
  virtual void Declined(Task task) = 0;
  // The queue takes up to `room` of the tasks of this owner that it declined, in the order in which it did.
  virtual void HasRoom(OwnerId owner, const QueueKey& queue, size_t room) = 0;
};

// What history needs of matching.
class TaskSink {
 public:
  virtual ~TaskSink() = default;
  virtual void Offer(Task task) = 0;
  // The run no longer owes this dispatch (it was started, cancelled, timed out). Best effort.
  virtual void Withdraw(const Task& task) = 0;
  // How many declined tasks of the queue the owner keeps; called at each change that Declined or HasRoom
  // caused, behind the offers that HasRoom caused.
  virtual void Backlogged(const QueueKey& queue, OwnerId owner, size_t tasks) = 0;
};

}  // namespace perdure::server
