#include "server/history/obligations_keeper.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace perdure::server {
namespace {

using engine::Dispatch;

bool SameTask(const Dispatch& a, const Dispatch& b) {
  return a.scheduled_event_id == b.scheduled_event_id && a.attempt == b.attempt && a.kind == b.kind &&
         a.task_queue == b.task_queue;
}

// The order of ObligationsOf.
std::pair<engine::TaskKind, int64_t> Place(const Dispatch& dispatch) {
  return {dispatch.kind, dispatch.scheduled_event_id};
}

QueueKey QueueOf(const ResidentRun& run, const Dispatch& dispatch) {
  return {run.namespace_id(), dispatch.kind, dispatch.task_queue};
}

}  // namespace

Task ObligationsKeeper::TaskOf(const ResidentRun& run, const Dispatch& dispatch) const {
  return {{run.namespace_id(), run.id(), run.key.run_id, run.key.kind}, dispatch, owner_};
}

// Both lists are in the order of ObligationsOf: one pass tells what is new, what stayed and what is gone.
void ObligationsKeeper::Take(ResidentRun& run, engine::Obligations obligations) {
  const absl::Time now = executor_.Now();
  const std::vector<OwedDispatch> before = std::exchange(run.owes.dispatches, {});
  run.owes.dispatches.reserve(obligations.dispatches.size());
  auto old = before.begin();
  for (Dispatch& dispatch : obligations.dispatches) {
    for (; old != before.end() && Place(old->dispatch) < Place(dispatch); ++old) Withdraw(run, *old);
    OwedDispatch owed{std::move(dispatch), OwedDispatch::With::kHost};
    if (old != before.end() && Place(old->dispatch) == Place(owed.dispatch)) {
      if (SameTask(old->dispatch, owed.dispatch)) {
        owed.with = old->with;
      } else {
        Withdraw(run, *old);
      }
      ++old;
    }
    if (owed.with == OwedDispatch::With::kHost && owed.dispatch.scheduled_time <= now) {
      owed.with = OwedDispatch::With::kMatching;
      sink_->Offer(TaskOf(run, owed.dispatch));
    }
    run.owes.dispatches.push_back(std::move(owed));
  }
  for (; old != before.end(); ++old) Withdraw(run, *old);
  run.owes.next_timer = obligations.next_timer;
  SetAlarm(run);
}

void ObligationsKeeper::Withdraw(const ResidentRun& run, const OwedDispatch& gone) {
  if (gone.with == OwedDispatch::With::kHost) return;
  if (gone.with == OwedDispatch::With::kMatching) sink_->Withdraw(TaskOf(run, gone.dispatch));
  if (backlog_.empty()) return;
  // Matching may have it now and have declined it before, when the run was last in memory.
  const QueueKey queue = QueueOf(run, gone.dispatch);
  if (backlog_.Remove(queue, run.key, gone.dispatch.scheduled_event_id)) ReportBacklog(queue);
}

std::optional<absl::Time> ObligationsKeeper::Next(const ResidentRun& run, absl::Time timers_not_before) {
  std::optional<absl::Time> next = run.owes.next_timer;
  if (next) next = std::max(*next, timers_not_before);
  for (const OwedDispatch& owed : run.owes.dispatches) {
    if (owed.with != OwedDispatch::With::kHost) continue;
    if (!next || owed.dispatch.scheduled_time < *next) next = owed.dispatch.scheduled_time;
  }
  return next;
}

void ObligationsKeeper::SetAlarm(ResidentRun& run) {
  alarms_.Move(run.key, run.owes.alarm, Next(run, run.owes.timers_not_before));
}

void ObligationsKeeper::Started(ResidentRun& run, const engine::DispatchName& name) {
  std::erase_if(run.owes.dispatches, [&](const OwedDispatch& owed) {
    return owed.dispatch.kind == name.kind && owed.dispatch.scheduled_event_id == name.scheduled_event_id &&
           owed.dispatch.attempt == name.attempt;
  });
}

bool ObligationsKeeper::Ring(ResidentRun& run) {
  run.owes.alarm.reset();  // it has rung
  const absl::Time now = executor_.Now();
  for (OwedDispatch& owed : run.owes.dispatches) {
    if (owed.with != OwedDispatch::With::kHost || owed.dispatch.scheduled_time > now) continue;
    owed.with = OwedDispatch::With::kMatching;
    sink_->Offer(TaskOf(run, owed.dispatch));
  }
  const bool timer_due =
      run.owes.next_timer && *run.owes.next_timer <= now && run.owes.timers_not_before <= now;
  if (!timer_due) SetAlarm(run);
  return timer_due;
}

void ObligationsKeeper::Forget(ResidentRun& run) { alarms_.Move(run.key, run.owes.alarm, std::nullopt); }

void ObligationsKeeper::ForgetAll() {
  alarms_.Clear();
  backlog_.Clear();
}

void ObligationsKeeper::Declined(const Task& task, ResidentRun* run) {
  const QueueKey queue = server::QueueOf(task);
  if (run != nullptr) {
    const auto owed =
        std::find_if(run->owes.dispatches.begin(), run->owes.dispatches.end(),
                     [&](const OwedDispatch& one) { return SameTask(one.dispatch, task.dispatch); });
    if (owed == run->owes.dispatches.end()) return;  // it ended while it was on its way
    owed->with = OwedDispatch::With::kBacklog;
  }
  const Uuid run_id = *task.run.run_id;
  backlog_.Add(queue, {ShardOf(task.run.namespace_id, task.run.id), run_id, task.run.kind},
               task.dispatch.scheduled_event_id);
  ReportBacklog(queue);
}

std::vector<DeclinedTasks::Entry> ObligationsKeeper::TakeBacklog(const QueueKey& queue, size_t room) {
  return backlog_.Take(queue, room);
}

void ObligationsKeeper::Reoffer(ResidentRun& run, const QueueKey& queue, int64_t scheduled_event_id) {
  for (OwedDispatch& owed : run.owes.dispatches) {
    if (owed.with != OwedDispatch::With::kBacklog || QueueOf(run, owed.dispatch) != queue ||
        owed.dispatch.scheduled_event_id != scheduled_event_id)
      continue;
    owed.with = OwedDispatch::With::kMatching;
    sink_->Offer(TaskOf(run, owed.dispatch));
    return;
  }
}

void ObligationsKeeper::ReportBacklog(const QueueKey& queue) {
  sink_->Backlogged(queue, owner_, backlog_.Count(queue));
}

}  // namespace perdure::server
