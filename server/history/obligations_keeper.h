// Does what runs owe the world: offers their dispatches to matching, holds those whose time has not come, and
// rings when a run has something to do. It compares what a durable state owes with what was done for the run
// before: recovery is the same path (DESIGN, section 3).
//
// Not thread-safe: lives on one executor, and is destroyed on it or after its end.
#pragma once

#include <optional>
#include <vector>

#include "base/executor.h"
#include "engine/entity.h"
#include "server/history/alarms.h"
#include "server/history/declined_tasks.h"
#include "server/history/resident_run.h"
#include "server/history/task_sink.h"

namespace perdure::server {

class ObligationsKeeper {
 public:
  // `ring` is called with runs that have something to do: a held dispatch, or a timer that is due.
  ObligationsKeeper(Executor& executor, OwnerId owner, Alarms::Ring ring)
      : executor_(executor), owner_(owner), alarms_(executor, std::move(ring)) {}

  void Begin(TaskSink& sink) { sink_ = &sink; }

  // What the run's durable state owes from now on.
  void Take(ResidentRun& run, engine::Obligations obligations);
  // Matching itself has just started this dispatch: it need not be withdrawn.
  static void Started(ResidentRun& run, const engine::DispatchName& name);
  // When there is something to do for the run, beyond the dispatches that matching has or declined: the time
  // of its next timer (`timers_not_before` when that is later), or of a dispatch that is still held.
  static std::optional<absl::Time> Next(const ResidentRun& run,
                                        absl::Time timers_not_before = absl::InfinitePast());
  // Offers held dispatches whose time has come. True when a timer is due as well; otherwise the next alarm is
  // set.
  bool Ring(ResidentRun& run);
  // Some run is due to ring, and has not yet.
  bool IsAnyDue() const { return alarms_.IsAnyDue(); }
  // The run leaves memory. What matching has of it stays there.
  void Forget(ResidentRun& run);
  void ForgetAll();

  // Matching had no room. `run`: null when it has left memory.
  void Declined(const Task& task, ResidentRun* run);
  // The tasks that may be offered now, in order; the caller calls Reoffer, or has the run loaded.
  std::vector<DeclinedTasks::Entry> TakeBacklog(const QueueKey& queue, size_t room);
  // Offers what matching had declined.
  void Reoffer(ResidentRun& run, const QueueKey& queue, int64_t scheduled_event_id);
  void ReportBacklog(const QueueKey& queue);

 private:
  Task TaskOf(const ResidentRun& run, const engine::Dispatch& dispatch) const;
  void SetAlarm(ResidentRun& run);
  void Withdraw(const ResidentRun& run, const OwedDispatch& gone);

  Executor& executor_;
  const OwnerId owner_;
  TaskSink* sink_ = nullptr;
  Alarms alarms_;
  DeclinedTasks backlog_;
};

}  // namespace perdure::server
