// Who stays in memory, and which wakes stand in the store for those who do not.
#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "server/history/history_host.h"

namespace perdure::server {

using persistence::RunKey;

namespace {

// Runs looked at for one that may leave, before memory stays above its budget for a while.
constexpr int kLooksAtATime = 32;
// Between two batches of wakes that are raised, while more runs have been quiet for long enough.
constexpr absl::Duration kBetweenRaises = absl::Milliseconds(50);

}  // namespace

bool HistoryHost::OnWakeRead(const persistence::WakeRow& wake) {
  const RunPtr run = cache_.Find(wake.run);
  if (run == nullptr) return false;
  run->wakes.Suspect(wake.at);  // it may have been removed since it was read
  run->came_with.push_back(wake.at);
  return true;
}

void HistoryHost::OnWakeDue(const RunKey& key, absl::AnyInvocable<void(bool) &&> done) {
  if (cache_.Find(key) != nullptr) {
    std::move(done)(true);
    return;
  }
  if (retention_.IsRemoving(key)) {
    for (const absl::Time at : horizon_.Take(key)) retention_.Suspect(key, at);
    std::move(done)(true);
    return;
  }
  loader_.Load(key, RunLoader::Urgency::kWake,
               [done = std::move(done)](const absl::StatusOr<RunPtr>& run) mutable {
                 // A run that cannot be folded is left alone: trying again would not help.
                 std::move(done)(run.ok() || !absl::IsUnavailable(run.status()));
               });
}

// Runs that are on their way out of memory are still in it, and commits that lag keep them there. Nothing is
// lost by waiting for those; calls have twice the room. Whatever memory holds, each commit that lands lets
// one query go, and so does an executor that has nothing to commit and is about to do nothing: else what is
// due might wait for ever.
bool HistoryHost::MayLoad(RunLoader::Urgency urgency) {
  const bool call = urgency == RunLoader::Urgency::kCall;
  if (cache_.held_bytes() / (call ? 2 : 1) <= options_.resident_bytes) return true;
  if (batcher_.Idle() && !keeper_.IsAnyDue()) return true;
  return std::exchange(call ? call_turn_ : wake_turn_, false);
}

bool HistoryHost::MayLeave(const ResidentRun& run) const {
  // What is due is done first: a run that left undone would be loaded again at once, and again.
  if (run.alarm && WakeTimes::Stored(*run.alarm) <= world_.executor.Now()) return false;
  // A wake stands for the timer that the store refused, not for the end of the wait.
  if (run.timers_not_before > world_.executor.Now()) return false;
  if (run.lost || (run.owes_messages && outbox_.IsBusy(run.key))) return false;
  return run.Durable() && !run.entity->HasVolatile() &&
         !(run.current && loader_.LooksUp({run.key.shard, run.namespace_id(), run.id(), run.key.kind}));
}

void HistoryHost::ShrinkMemory() {
  for (int looks = 0; looks < kLooksAtATime; ++looks) {
    const RunPtr run = cache_.NextToLeave();
    if (run == nullptr) return;
    if (MayLeave(*run)) {
      StartLeaving(run);
    } else {
      cache_.Use(*run);
    }
  }
}

void HistoryHost::StartLeaving(const RunPtr& run) {
  const absl::Time now = world_.executor.Now();
  const bool due =
      std::any_of(run->came_with.begin(), run->came_with.end(), [&](absl::Time at) { return at <= now; });
  if (!run->touched && !due && ComesBack(*run)) {  // the store is as it was when the run was loaded
    PutDown(*run);
    horizon_.PutBack(run->key, run->came_with);
    cache_.Remove(run);
    return;
  }
  const WakeTimes& times = run->wake_times;
  const bool settled = (!times.dispatch || run->wakes.Trusts(*times.dispatch)) && NextHasRow(*run) &&
                       !run->wakes.Lags(times, absl::ZeroDuration());
  // A closed run that owes nobody anything is hardly needed again.
  const bool rests = !run->IsOpen() && !run->owes_messages;
  if (settled && (rests || !WorthwhileSnapshot(*run, true))) {
    Leave(run);
    return;
  }
  run->evict = true;
  run->settle_wakes = true;
  cache_.MarkLeaving(*run);
  batcher_.Add(run, 1, run->log_bytes);
}

// Not when the row came long ago and the run was needed for a task that matching had declined, or the clock
// was set back since.
bool HistoryHost::ComesBack(const ResidentRun& run) const {
  const std::optional<absl::Time> next = NextOf(run);
  if (!next) return true;
  const absl::Time row = WakeTimes::Stored(*next);
  return horizon_.WillBeRead({row, run.key}) ||
         std::any_of(run.came_with.begin(), run.came_with.end(), [&](absl::Time at) { return at <= row; });
}

bool HistoryHost::NextHasRow(const ResidentRun& run) const {
  const std::optional<absl::Time> next = NextOf(run);
  return !next || run.wakes.Trusts(*next);
}

void HistoryHost::Leave(const RunPtr& run) {
  PERDURE_CHECK(NextHasRow(*run), "what a run that leaves memory has to do next is in no row");
  const std::optional<absl::Time> next = NextOf(*run);
  PutDown(*run);
  if (next) horizon_.Leave(run->key, WakeTimes::Stored(*next));
  cache_.Remove(run);
}

void HistoryHost::WatchQuiet(ResidentRun& run) {
  ForgetQuiet(run);
  if ((!run.IsOpen() && !run.owes_messages) || !run.wakes.Lags(run.wake_times, options_.wake_slack)) return;
  run.quiet = quiet_.insert(quiet_.end(), &run);
  run.in_quiet = true;
  ArmQuietTimer(options_.quiet_after / 2);
}

void HistoryHost::ForgetQuiet(ResidentRun& run) {
  if (std::exchange(run.in_quiet, false)) quiet_.erase(run.quiet);
}

void HistoryHost::ArmQuietTimer(absl::Duration wait) {
  if (quiet_timer_ != Executor::kNoTimer || quiet_.empty()) return;
  quiet_timer_ = world_.executor.RunAfter(wait, [this] {
    quiet_timer_ = Executor::kNoTimer;
    RaiseQuietWakes();
  });
}

void HistoryHost::RaiseQuietWakes() {
  if (phase_ != Phase::kServing) return;
  const absl::Time quiet_since = world_.executor.Now() - options_.quiet_after;
  for (size_t raised = 0; raised < limits::kWakesRaised && !quiet_.empty(); ++raised) {
    ResidentRun& run = *quiet_.front();
    if (run.last_touch > quiet_since) return ArmQuietTimer(options_.quiet_after / 2);
    ForgetQuiet(run);
    run.settle_wakes = true;
    batcher_.Add(cache_.Find(run.key), 1, 0);
  }
  // After a crash every stale wake costs a load before what is really due: go on soon.
  ArmQuietTimer(kBetweenRaises);
}

void HistoryHost::Declined(Task task) {
  world_.executor.Post([this, task = std::move(task)] {
    if (phase_ != Phase::kServing) return;
    keeper_.Declined(task, FindResident(task.run).get());
  });
}

void HistoryHost::HasRoom(const QueueKey& queue, size_t room) {
  world_.executor.Post([this, queue, room] {
    if (phase_ == Phase::kServing) {
      for (const auto& [key, scheduled_event_id] : keeper_.TakeBacklog(queue, room)) {
        if (const RunPtr run = cache_.Find(key); run != nullptr) {
          keeper_.Reoffer(*run, queue, scheduled_event_id);
        } else {
          horizon_.Need(key);  // taken up, it offers what it owes
        }
      }
    }
    keeper_.ReportBacklog(queue);
  });
}

}  // namespace perdure::server
