#include "server/history/host/departures.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "server/history/batcher.h"
#include "server/history/host/commits.h"
#include "server/history/host/duties.h"
#include "server/history/host/life.h"
#include "server/history/host/retirement.h"
#include "server/history/run_cache.h"
#include "server/history/run_loader.h"

namespace perdure::server {

using persistence::RunKey;

namespace {

// Runs looked at for one that may leave, before memory stays above its budget for a while.
constexpr int kLooksAtATime = 32;
// Between two batches of wakes that are raised, while more runs have been quiet for long enough.
constexpr absl::Duration kBetweenRaises = absl::Milliseconds(50);

}  // namespace

bool Departures::OnWakeRead(const persistence::WakeRow& wake) {
  const RunPtr run = parts_.cache.Find(wake.run);
  if (run == nullptr) return false;
  run->wakes.known.Suspect(wake.at);  // it may have been removed since it was read
  run->wakes.came_with.push_back(wake.at);
  return true;
}

void Departures::OnWakeDue(const RunKey& key, absl::AnyInvocable<void(bool) &&> done) {
  if (parts_.cache.Find(key) != nullptr) {
    std::move(done)(true);
    return;
  }
  if (parts_.retirement.IsRemoving(key)) {
    for (const absl::Time at : parts_.horizon.Take(key)) parts_.retirement.Suspect(key, at);
    std::move(done)(true);
    return;
  }
  parts_.loader.Load(key, RunLoader::Urgency::kWake,
                     [done = std::move(done)](const absl::StatusOr<RunPtr>& run) mutable {
                       // A run that cannot be folded is left alone: trying again would not help.
                       std::move(done)(run.ok() || !absl::IsUnavailable(run.status()));
                     });
}

bool Departures::MayLeave(const ResidentRun& run) const {
  // What is due is done first: a run that left undone would be loaded again at once, and again.
  if (run.owes.alarm && WakeTimes::Stored(*run.owes.alarm) <= parts_.world.executor.Now()) return false;
  // A wake stands for the timer that the store refused, not for the end of the wait.
  if (run.owes.timers_not_before > parts_.world.executor.Now()) return false;
  if (run.lost || parts_.duties.IsBusy(run)) return false;
  return run.Durable() && !run.entity->HasVolatile() &&
         !(run.place.current() &&
           parts_.loader.LooksUp({run.key.shard, run.namespace_id(), run.id(), run.key.kind}));
}

void Departures::ShrinkMemory() {
  for (int looks = 0; looks < kLooksAtATime; ++looks) {
    const RunPtr run = parts_.cache.NextToLeave();
    if (run == nullptr) return;
    if (MayLeave(*run)) {
      StartLeaving(run);
    } else {
      parts_.cache.Use(*run);
    }
  }
}

void Departures::StartLeaving(const RunPtr& run) {
  const absl::Time now = parts_.world.executor.Now();
  const bool due = std::any_of(run->wakes.came_with.begin(), run->wakes.came_with.end(),
                               [&](absl::Time at) { return at <= now; });
  if (!run->use.touched && !due && ComesBack(*run)) {  // the store is as it was when the run was loaded
    parts_.duties.PutDown(*run);
    parts_.horizon.PutBack(run->key, run->wakes.came_with);
    parts_.cache.Remove(run);
    return;
  }
  const WakeTimes& times = run->wakes.times;
  const bool settled = (!times.dispatch || run->wakes.known.Trusts(*times.dispatch)) && NextHasRow(*run) &&
                       !run->wakes.known.Lags(times, absl::ZeroDuration());
  // A closed run that owes nobody anything is hardly needed again.
  const bool rests = !run->IsOpen() && !run->owes.messages;
  if (settled && (rests || !run->log_weight.WorthwhileSnapshot(*run->entity, parts_.options, true))) {
    Leave(run);
    return;
  }
  run->leaving.leaves_ = true;
  run->next_write.settles_wakes = true;
  parts_.cache.MarkLeaving(*run);
  parts_.batcher.Add(run, 1, run->log_weight.bytes());
}

// Not when the row came long ago and the run was needed for a task that matching had declined, or the clock
// was set back since.
bool Departures::ComesBack(const ResidentRun& run) const {
  const std::optional<absl::Time> next = parts_.duties.NextOf(run);
  if (!next) return true;
  const absl::Time row = WakeTimes::Stored(*next);
  return parts_.horizon.WillBeRead({row, run.key}) ||
         std::any_of(run.wakes.came_with.begin(), run.wakes.came_with.end(),
                     [&](absl::Time at) { return at <= row; });
}

bool Departures::NextHasRow(const ResidentRun& run) const {
  const std::optional<absl::Time> next = parts_.duties.NextOf(run);
  return !next || run.wakes.known.Trusts(*next);
}

bool Departures::LeaveIfDone(const RunPtr& run) {
  // What was still to come when the rows were written may be done by now, and the next has no row yet.
  const bool leaves = std::exchange(run->leaving.leaves_, false) && MayLeave(*run) && NextHasRow(*run);
  if (leaves) Leave(run);
  return leaves;
}

void Departures::Stop() { parts_.world.executor.Cancel(quiet_timer_); }

void Departures::Leave(const RunPtr& run) {
  PERDURE_CHECK(NextHasRow(*run), "what a run that leaves memory has to do next is in no row");
  const std::optional<absl::Time> next = parts_.duties.NextOf(*run);
  parts_.duties.PutDown(*run);
  if (next) parts_.horizon.Leave(run->key, WakeTimes::Stored(*next));
  parts_.cache.Remove(run);
}

void Departures::WatchQuiet(ResidentRun& run) {
  ForgetQuiet(run);
  if ((!run.IsOpen() && !run.owes.messages) ||
      !run.wakes.known.Lags(run.wakes.times, parts_.options.wake_slack))
    return;
  run.leaving.quiet_ = quiet_.insert(quiet_.end(), &run);
  run.leaving.in_quiet_ = true;
  ArmQuietTimer(parts_.options.quiet_after / 2);
}

void Departures::ForgetQuiet(ResidentRun& run) {
  if (std::exchange(run.leaving.in_quiet_, false)) quiet_.erase(run.leaving.quiet_);
}

void Departures::ArmQuietTimer(absl::Duration wait) {
  if (quiet_timer_ != Executor::kNoTimer || quiet_.empty()) return;
  quiet_timer_ = parts_.world.executor.RunAfter(wait, [this] {
    quiet_timer_ = Executor::kNoTimer;
    RaiseQuietWakes();
  });
}

void Departures::RaiseQuietWakes() {
  if (!parts_.life.HasShards()) return;
  const absl::Time quiet_since = parts_.world.executor.Now() - parts_.options.quiet_after;
  for (size_t raised = 0; raised < limits::kWakesRaised && !quiet_.empty(); ++raised) {
    ResidentRun& run = *quiet_.front();
    if (run.use.at > quiet_since) return ArmQuietTimer(parts_.options.quiet_after / 2);
    ForgetQuiet(run);
    run.next_write.settles_wakes = true;
    parts_.batcher.Add(parts_.cache.Find(run.key), 1, 0);
  }
  // After a crash every stale wake costs a load before what is really due: go on soon.
  ArmQuietTimer(kBetweenRaises);
}

}  // namespace perdure::server
