#include "server/history/host/commits.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/status.h"
#include "base/text.h"
#include "server/history/execution_row.h"
#include "server/history/host/departures.h"
#include "server/history/host/duties.h"
#include "server/history/host/life.h"
#include "server/history/host/residents.h"
#include "server/history/host/waits.h"
#include "server/history/host_metrics.h"
#include "server/history/run_cache.h"
#include "server/history/run_loader.h"
#include "server/history/run_log.h"
#include "server/history/wake_horizon.h"
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

absl::Time HostCommits::TimersNotBefore(const persistence::RunKey& run) const {
  const auto refused = refusals_.find(run);
  return refused == refusals_.end() ? absl::InfinitePast() : refused->second.until;
}

SealedWrite HostCommits::Seal(ResidentRun& run) {
  SealedWrite sealed;
  persistence::RunWrite& write = sealed.write;
  write.key = run.key;
  if (run.next_write.removes) {
    write.deleted = run.next_write.removes;
    run.wakes.known.RemoveAll(write);
    return sealed;
  }
  if (run.next_write.stages) {
    write.history = std::move(run.next_write.stages->rows);
    write.wakes_added.push_back(run.next_write.stages->wake);
    return sealed;
  }
  const engine::Entity& entity = *run.entity;
  const engine::LogPosition log = entity.log();
  sealed.sequence = log.last_sequence;
  sealed.next_event_id = log.next_event_id;
  sealed.open = entity.IsOpen();
  run.use.touched = true;
  sealed.obligations = entity.Owed();
  HostDuties::OnSealed(run);
  SealWakes(run, sealed, write);
  if (std::exchange(run.next_write.loses_id, false)) write.no_longer_current = true;
  if (std::exchange(run.next_write.execution_row, false)) {
    write.execution = MakeExecutionRow(entity, run.place.current());
    run.delete_at = write.execution->delete_at;
  }
  if (std::optional<std::string> state = SnapshotOf(run)) {
    run.log_weight.OnSnapshot(log.last_sequence, state->size());
    write.snapshot = {log.last_sequence, log.next_event_id, *std::move(state)};
  }
  return sealed;
}

void HostCommits::SealWakes(ResidentRun& run, const SealedWrite& sealed, persistence::RunWrite& write) {
  const engine::Entity& entity = *run.entity;
  // A crash leaves the durable part alone, and a takeover must come in time for what that owes.
  run.wakes.times = entity.HasVolatile() ? WakeTimes::Of(entity.DurablyOwed(), entity.EarliestNow())
                                         : WakeTimes::Of(sealed.obligations, entity.EarliestNow());
  WakeTimes times = run.wakes.times;
  // A run that leaves is woken for what is next although an earlier dispatch, which matching has, still
  // waits.
  if (const auto next = parts_.duties.NextOf(run); run.leaving.leaves() && next) {
    times.timer = std::min(WakeTimes::Stored(*next), times.timer.value_or(absl::InfiniteFuture()));
    times.message.reset();  // its next attempt is among what is next
  }
  if (std::exchange(run.next_write.settles_wakes, false) || !sealed.open) {
    run.wakes.known.Settle(times, write);
  } else {
    run.wakes.known.Lower(times, write);
  }
}

std::optional<std::string> HostCommits::SnapshotOf(ResidentRun& run) const {
  if (!run.salvaged) {
    return run.log_weight.WorthwhileSnapshot(*run.entity, parts_.options, run.leaving.leaves());
  }
  // A husk that was closed before lacks its last event, which nobody asks for once it is deleted.
  const bool closes = run.durable.open && !run.IsOpen();
  return closes || run.entity->IsDeleted() ? std::optional(run.entity->EncodeSnapshot()) : std::nullopt;
}

void HostCommits::Landed(const RunPtr& run, SealedWrite& sealed) {
  parts_.residents.OnLanded();
  parts_.loader.Resume();
  if (run->place.dropped()) {
    // Nobody else knows of the wake that a husk's commit has written.
    if (run->salvaged && sealed.obligations.next_timer) {
      parts_.horizon.Leave(run->key, WakeTimes::Stored(*sealed.obligations.next_timer));
    }
    return;
  }
  if (run->lost) {
    parts_.cache.Remove(run);
    parts_.horizon.Need(run->key);
    return;
  }
  run->durable = {sealed.sequence, sealed.next_event_id, sealed.open};
  if (run->entity->IsDeleted() && run->Durable()) parts_.cache.GiveUpId(*run);
  run->tail.OnDurable(run->durable.sequence, parts_.options.tail_bytes);
  if (!refusals_.empty()) refusals_.erase(run->key);
  parts_.duties.OnLanded(*run, std::move(sealed.obligations));
  parts_.waits.OnLanded(run, sealed);
  if (!parts_.departures.LeaveIfDone(run)) {
    parts_.cache.Use(*run);
    parts_.departures.WatchQuiet(*run);
  }
  parts_.departures.ShrinkMemory();
  parts_.metrics.SetResident(parts_.cache.runs(), parts_.cache.held_bytes());
}

void HostCommits::Lost(const persistence::CommitResult& result, uint64_t batch) {
  parts_.life.Lost(result, batch);
}

void HostCommits::Refused(const CommitGroupPtr& group, const std::string& why) {
  // Whatever was decided on top of what was refused goes with it, and whoever shares a later group loses that
  // one. Such a run may be in another group of the commit in flight: it waits for that one's outcome.
  std::vector<CommitGroupPtr> groups{group};
  for (size_t i = 0; i < groups.size(); ++i) {
    for (const RunPtr& run : groups[i]->runs) {
      if (const CommitGroupPtr later = run->commit.open_group(); later != nullptr) {
        parts_.batcher.Withdraw(later);
        groups.push_back(later);
      }
    }
  }
  for (const RunPtr& run : group->runs) {
    if (run->place.dropped()) continue;
    spdlog::error("{}", AboutRun("the store refuses what a run would write", parts_.world.namespaces,
                                 run->key, *run->entity, why));
    Refusals& refusals = refusals_[run->key];
    refusals.until = parts_.world.executor.Now() + RefusalWait(++refusals.count);
  }
  for (const CommitGroupPtr& refused : groups) {
    for (const RunPtr& run : refused->runs) LoseNewest(run);
  }
  parts_.loader.Resume();
  // A database's own words are for the log: they may quote other rows.
  const absl::Status guilty = InvalidArgument("The store refuses the data of this request.");
  const absl::Status others = Unavailable("The store refuses data that this request stood on.");
  for (const CommitGroupPtr& refused : groups) {
    const absl::Status& status = refused == group ? guilty : others;
    for (DurableCallback& done : std::exchange(refused->waiting, {})) std::move(done)(status);
  }
}

void HostCommits::LoseNewest(const RunPtr& run) {
  if (run->place.dropped()) return;
  parts_.duties.PutDown(*run);
  parts_.waits.OnLost(*run);
  run->lost = true;
  if (run->commit.InFlight()) return;  // Landed or Refused
  parts_.cache.Remove(run);
  if (run->durable.sequence == 0) {
    refusals_.erase(run->key);
    return;
  }
  // Its stored wake may be behind the horizon's cursor: taken up again at once.
  parts_.horizon.Need(run->key);
}

}  // namespace perdure::server
