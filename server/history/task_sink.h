// What history needs of matching, and what matching tells history about it: tasks that wait for a worker.
//
// Thread safety: every method may be called from any thread; none acts inside the call (they post).
#pragma once

#include <string>
#include <utility>

#include "base/ids.h"
#include "engine/entity.h"
#include "server/history/history.h"

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

class TaskOwner;

// A dispatch of one run, offered by its owner. The same (run, kind, scheduled event id, attempt) is the same
// task: a queue holds it once.
struct Task {
  RunRef run;
  engine::Dispatch dispatch;
  TaskOwner* owner = nullptr;  // outlives the task
};

inline QueueKey QueueOf(const Task& task) {
  return {task.run.namespace_id, task.dispatch.kind, task.dispatch.task_queue};
}

// What matching tells the owner of a task. Any thread; posts, never acts inside the call.
class TaskOwner {
 public:
  virtual ~TaskOwner() = default;
  // The window of the task's queue is full: matching does not hold the task. HasRoom follows.
  virtual void Declined(Task task) = 0;
  // The queue takes up to `room` of the tasks that it declined, in the order in which it did.
  virtual void HasRoom(const QueueKey& queue, size_t room) = 0;
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
  virtual void Backlogged(const QueueKey& queue, TaskOwner* owner, size_t tasks) = 0;
};

}  // namespace perdure::server
