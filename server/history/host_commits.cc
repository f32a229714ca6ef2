// What commits write of a run, and what happens once they have landed or were refused.
#include <algorithm>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/limits.h"
#include "base/status.h"
#include "base/text.h"
#include "server/history/execution_row.h"
#include "server/history/history_host.h"
#include "server/history/run_log.h"
#include "spdlog/spdlog.h"

namespace perdure::server {

namespace {

constexpr absl::Duration kFirstRefusalWait = absl::Seconds(1);
constexpr absl::Duration kLongestRefusalWait = absl::Minutes(5);

absl::Duration RefusalWait(int count) {
  absl::Duration wait = kFirstRefusalWait;
  for (int i = 1; i < count && wait < kLongestRefusalWait; ++i) wait *= 2;
  return std::min(wait, kLongestRefusalWait);
}

}  // namespace

void HistoryHost::Seal(ResidentRun& run) {
  SealedWrite& sealed = run.sealed.emplace();
  persistence::RunWrite& write = sealed.write;
  write.key = run.key;
  if (run.removes) {
    write.deleted = run.removes;
    run.wakes.RemoveAll(write);
    return;
  }
  const engine::Entity& entity = *run.entity;
  const engine::LogPosition log = entity.log();
  sealed.sequence = log.last_sequence;
  sealed.next_event_id = log.next_event_id;
  sealed.progress = entity.progress();
  sealed.open = entity.IsOpen();
  run.touched = true;
  sealed.obligations = entity.Owed();
  run.obligations_stale = false;
  // A crash leaves the durable part alone, and a takeover must come in time for what that owes.
  run.wake_times = entity.HasVolatile() ? WakeTimes::Of(entity.DurablyOwed(), entity.EarliestNow())
                                        : WakeTimes::Of(sealed.obligations, entity.EarliestNow());
  WakeTimes times = run.wake_times;
  // A run that leaves is woken for what is next although an earlier dispatch, which matching has, still
  // waits.
  if (const auto next = NextOf(run); run.evict && next) {
    times.timer = std::min(WakeTimes::Stored(*next), times.timer.value_or(absl::InfiniteFuture()));
    times.message.reset();  // its next attempt is among what is next
  }
  if (std::exchange(run.settle_wakes, false) || !sealed.open) {
    run.wakes.Settle(times, write);
  } else {
    run.wakes.Lower(times, write);
  }
  if (std::exchange(run.loses_id, false)) write.no_longer_current = true;
  if (std::exchange(run.execution_row_due, false)) {
    write.execution = MakeExecutionRow(entity, run.current);
    run.delete_at = write.execution->delete_at;
  }
  if (std::optional<std::string> state = WorthwhileSnapshot(run, run.evict)) {
    write.snapshot = {log.last_sequence, log.next_event_id, *std::move(state)};
    run.snapshot_sequence = log.last_sequence;
    run.log_bytes = 0;
    run.rows_without_events = 0;
  }
}

std::optional<std::string> HistoryHost::WorthwhileSnapshot(ResidentRun& run, bool leaves) const {
  if (run.salvaged) {
    // One that was closed before lacks its last event.
    return run.durable_open && !run.IsOpen() ? std::optional(run.entity->EncodeSnapshot()) : std::nullopt;
  }
  const auto rows = static_cast<size_t>(run.entity->log().last_sequence - run.snapshot_sequence);
  // Each row without events is a row less in the store, however large the state.
  const bool many_go = run.rows_without_events >= limits::kRowsWithoutEvents;
  const bool long_log =
      many_go ||
      run.log_bytes + run.rows_without_events * limits::kLogRowBytes > options_.snapshot_log_bytes ||
      (leaves && (run.log_bytes > limits::kEvictionSnapshotLogBytes || rows > limits::kEvictionSnapshotRows));
  const size_t log = run.log_bytes + rows * limits::kLogRowBytes;
  const auto outweighs = [&] { return many_go || log > options_.log_to_snapshot * run.snapshot_bytes; };
  if (rows == 0 || !long_log) return std::nullopt;
  // What the run was started with is in every snapshot.
  if (run.snapshot_bytes == 0) run.snapshot_bytes = run.entity->LeastSnapshotBytes();
  if (!outweighs()) return std::nullopt;
  std::string state = run.entity->EncodeSnapshot();
  run.snapshot_bytes = state.size();
  if (!outweighs()) return std::nullopt;
  return state;
}

void HistoryHost::Landed(const RunPtr& run) {
  SealedWrite& sealed = *run->sealed;
  call_turn_ = wake_turn_ = true;
  loader_.Resume();
  if (run->dropped) {
    // Nobody else knows of the wake that a husk's commit has written.
    if (run->salvaged && sealed.obligations.next_timer) {
      horizon_.Leave(run->key, WakeTimes::Stored(*sealed.obligations.next_timer));
    }
    return;
  }
  if (run->lost) {
    cache_.Remove(run);
    horizon_.Need(run->key);
    return;
  }
  run->durable_sequence = sealed.sequence;
  run->durable_next_event_id = sealed.next_event_id;
  run->durable_open = sealed.open;
  run->tail.OnDurable(run->durable_sequence, options_.tail_bytes);
  if (!refusals_.empty()) refusals_.erase(run->key);
  run->timers_not_before = absl::InfinitePast();
  if (!run->obligations_stale) {
    TakeUp(*run, std::move(sealed.obligations));
  } else if (run->open_group == nullptr) {
    run->obligations_stale = false;
    TakeUp(*run, run->entity->Owed());
  }
  for (EventWaiters::Answer& done : waiters_.TakeReady(run->key, sealed.open, sealed.progress)) {
    AnswerPosition(run, std::move(done));
  }
  // What was still to come when the rows were written may be done by now, and the next has no row yet.
  if (run->evict && MayLeave(*run) && NextHasRow(*run)) {
    Leave(run);
  } else {
    run->evict = false;
    cache_.Use(*run);
    WatchQuiet(*run);
  }
  ShrinkMemory();
  metrics_.SetResident(cache_.runs(), cache_.held_bytes());
}

void HistoryHost::Refused(const CommitGroupPtr& group, const std::string& why) {
  // Whatever was decided on top of what was refused goes with it, and whoever shares a later group loses that
  // one. Such a run may be in another group of the commit in flight: it waits for that one's outcome.
  std::vector<CommitGroupPtr> groups{group};
  for (size_t i = 0; i < groups.size(); ++i) {
    for (const RunPtr& run : groups[i]->runs) {
      if (const CommitGroupPtr later = run->open_group; later != nullptr) {
        batcher_.Withdraw(later);
        groups.push_back(later);
      }
    }
  }
  for (const RunPtr& run : group->runs) {
    if (run->dropped) continue;
    spdlog::error("{}", AboutRun("the store refuses what a run would write", world_.namespaces, run->key,
                                 *run->entity, why));
    Refusals& refusals = refusals_[run->key];
    refusals.until = world_.executor.Now() + RefusalWait(++refusals.count);
  }
  for (const CommitGroupPtr& refused : groups) {
    for (const RunPtr& run : refused->runs) LoseNewest(run);
  }
  loader_.Resume();
  // A database's own words are for the log: they may quote other rows.
  const absl::Status guilty = InvalidArgument("The store refuses the data of this request.");
  const absl::Status others = Unavailable("The store refuses data that this request stood on.");
  for (const CommitGroupPtr& refused : groups) {
    const absl::Status& status = refused == group ? guilty : others;
    for (DurableCallback& done : std::exchange(refused->waiting, {})) std::move(done)(status);
  }
}

void HistoryHost::LoseNewest(const RunPtr& run) {
  if (run->dropped) return;
  PutDown(*run);
  run->lost = true;
  if (run->sealed_group != nullptr) return;  // Landed or Refused
  cache_.Remove(run);
  if (run->durable_sequence == 0) {
    refusals_.erase(run->key);
    return;
  }
  // Its stored wake may be behind the horizon's cursor: taken up again at once.
  horizon_.Need(run->key);
}

}  // namespace perdure::server
