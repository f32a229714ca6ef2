// The one workflow task that a run has at a time, and how durable it is.
//
// Its schedule is
//   durable      WorkflowTaskScheduled stands in the log;
//   transient    a change in the log says that it waits (attempt 2 and later): its events are written only
//                when it succeeds, and until then carry the next ids of the history;
//   speculative  no record says anything: it carries the next ids of the history, vanishes when it is
//                dropped or memory is lost, and becomes durable just before the run's next record.
// Its start is
//   no           it waits for a worker;
//   soft         a worker has it, and no record says so: the start becomes hard just before the run's next
//                record, or is lost with the memory, and with it the right to complete the task;
//   hard         a record holds the start.
//
// Invariants: nothing hard builds on what is speculative, and no record of the run comes between what is
// volatile and its own record. A violated REQUIRES aborts. Not thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "temporal/api/history/v1/message.pb.h"

namespace perdure::engine::workflow {

using EventPtr = std::shared_ptr<const temporal::api::history::v1::HistoryEvent>;

struct WorkflowTask {
  enum class Schedule { kDurable, kTransient, kSpeculative };
  enum class Start { kNo, kSoft, kHard };

  Schedule schedule = Schedule::kDurable;
  Start start = Start::kNo;
  int64_t scheduled_event_id = 0;
  int32_t attempt = 1;
  absl::Time scheduled_time;
  std::optional<absl::Time> original_scheduled_time;  // of a chain of heartbeats
  std::string task_queue;  // where it waits: the sticky queue while stickiness holds, else the run's queue
  bool sticky = false;
  // Of a task that was scheduled on a sticky queue, or as a speculative one: when it times out unless a
  // worker has it by then. It stands also when the task has been moved to the run's queue since.
  std::optional<absl::Time> start_by;
  absl::Duration start_to_close_timeout;

  // What follows is unset until the task is started.
  int64_t started_event_id = 0;
  std::optional<absl::Time> started_time;
  std::string start_nonce;  // names this start in its task token: StartNonce(*started) of workflow_task.h
  std::string identity;
  // As the worker saw them; `scheduled` only where the schedule's event is not in the log.
  EventPtr scheduled;
  EventPtr started;

  bool IsRunning() const { return start != Start::kNo; }
  bool IsTransient() const { return schedule == Schedule::kTransient; }
  // The event of its schedule is not in the log.
  bool IsAhead() const { return schedule != Schedule::kDurable; }
};

class WorkflowTaskState {
 public:
  // ---- what there is; null when there is none. A pointer holds until the next change.

  // Waits for a worker or runs.
  const WorkflowTask* pending() const { return task_.has_value() ? &*task_ : nullptr; }
  const WorkflowTask* waiting() const { return task_.has_value() && !task_->IsRunning() ? &*task_ : nullptr; }
  const WorkflowTask* running() const { return task_.has_value() && task_->IsRunning() ? &*task_ : nullptr; }
  // Something about it is in no record.
  bool IsVolatile() const;
  // It as a crash would leave it; nullopt: none.
  std::optional<WorkflowTask> Durable() const;

  // ---- its life

  // REQUIRES: `task` is not started, and none is pending, unless a transient one becomes an ordinary one.
  void Schedule(WorkflowTask task);
  // A worker has the waiting task, and a record says so. `started`: WorkflowTaskStarted. `scheduled`: of a
  // transient task, its WorkflowTaskScheduled as the worker saw it; else null. REQUIRES: it waits, and its
  // schedule is not speculative.
  void StartHard(EventPtr started, EventPtr scheduled);
  // The same, and no record says so. `scheduled` is set exactly when the task is ahead of the log.
  void StartSoft(EventPtr started, EventPtr scheduled);
  // A snapshot's. REQUIRES: nothing of it is volatile.
  void Restore(WorkflowTask task);
  // It has completed, failed or timed out, or its run has closed.
  void End() { task_.reset(); }

  // Takes away what is volatile, so that what a crash would leave is left, and returns the task as it was.
  // REQUIRES: IsVolatile().
  WorkflowTask TakeVolatile();
  // The same where there may be nothing volatile: a speculative task is dropped.
  void DropVolatile();

  // ---- while it is pending

  // It waits on the run's own queue. A no-op when none waits.
  void MoveToNormalQueue(const std::string& task_queue);
  // It times out unless a worker has it by then. REQUIRES: it waits.
  void SetStartBy(absl::Time start_by);
  // It continues a chain of heartbeats. REQUIRES: it is pending.
  void SetHeartbeatsSince(absl::Time since);

 private:
  void Start(WorkflowTask::Start start, EventPtr started, EventPtr scheduled);

  std::optional<WorkflowTask> task_;
};

}  // namespace perdure::engine::workflow
