#include "server/history/host/residents.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/text.h"
#include "server/history/batcher.h"
#include "server/history/host/commits.h"
#include "server/history/host/departures.h"
#include "server/history/host/duties.h"
#include "server/history/host/life.h"
#include "server/history/host/retirement.h"
#include "server/history/host/settings.h"
#include "server/history/host/steps.h"
#include "server/history/run_cache.h"
#include "server/history/run_log.h"
#include "server/history/wake_horizon.h"
#include "spdlog/spdlog.h"

namespace perdure::server {

using persistence::EntityKey;
using persistence::RunKey;

RunPtr Residents::Find(const EntityRef& ref) const {
  const ShardId shard = ShardOf(ref.namespace_id, ref.id);
  RunPtr run = ref.run_id ? parts_.cache.Find({shard, *ref.run_id, ref.kind})
                          : parts_.cache.FindCurrent({shard, ref.namespace_id, ref.id, ref.kind});
  if (run == nullptr || run->entity->IsDeleted()) return nullptr;
  return run->id() == ref.id && run->namespace_id() == ref.namespace_id ? run : nullptr;
}

absl::StatusOr<const engine::Kind*> Residents::KindOf(KindNumber number) const {
  const engine::Kind* const kind = parts_.world.kinds.Find(number);
  if (kind == nullptr) return absl::DataLossError(absl::StrCat("there is no kind of entity ", number));
  return kind;
}

absl::Status Residents::NoSuchRun(const EntityRef& ref) const {
  const absl::StatusOr<const engine::Kind*> kind = KindOf(ref.kind);
  return kind.ok() ? (*kind)->NoSuch(ref.id, ref.run_id) : kind.status();
}

void Residents::WithRun(const EntityRef& ref, WithRunCallback then) {
  if (absl::Status serving = parts_.life.Serving(); !serving.ok()) {
    std::move(then)(serving);
    return;
  }
  FindRun(ref, [this, ref, then = std::move(then)](absl::StatusOr<RunPtr> run) mutable {
    if (run.ok() && *run != nullptr && (*run)->entity->IsDeleted()) {
      WhenGone(**run, [this, ref, then = std::move(then)](const absl::Status& gone) mutable {
        std::move(then)(gone.ok() ? NoSuchRun(ref) : gone);
      });
      return;
    }
    if (run.ok() && *run == nullptr) run = NoSuchRun(ref);
    std::move(then)(std::move(run));
  });
}

void Residents::WhenGone(const ResidentRun& run, DurableCallback gone) {
  PERDURE_CHECK(run.entity->IsDeleted(), "only what was deleted is gone");
  Batcher::WhenDurable(run, std::move(gone));
}

void Residents::FindRun(const EntityRef& ref, WithRunCallback then) {
  if (RunPtr run = Find(ref); run != nullptr && !run->lost) {
    std::move(then)(std::move(run));
    return;
  }
  const ShardId shard = ShardOf(ref.namespace_id, ref.id);
  auto check = [this, ref, then = std::move(then)](absl::StatusOr<RunPtr> run) mutable {
    if (run.ok() && *run != nullptr) {
      const bool another = (*run)->id() != ref.id || (*run)->namespace_id() != ref.namespace_id;
      if (another) {
        run = RunPtr();
      } else if ((*run)->lost) {
        run = LostRun();
      }
    }
    // The lease may have run out while the store was read.
    if (absl::Status serving = parts_.life.Serving(); run.ok() && !serving.ok()) run = serving;
    std::move(then)(std::move(run));
  };
  if (!ref.run_id) {
    WithCurrentRun({shard, ref.namespace_id, ref.id, ref.kind}, std::move(check));
  } else if (RunPtr other = parts_.cache.Find({shard, *ref.run_id, ref.kind}); other != nullptr) {
    check(std::move(other));  // of another id, or lost
  } else {
    Load({shard, *ref.run_id, ref.kind}, RunLoader::Urgency::kCall, std::move(check));
  }
}

void Residents::WithCurrentRun(const EntityKey& key, WithRunCallback then) {
  if (RunPtr run = parts_.cache.FindCurrent(key); run != nullptr) {
    if (!run->entity->IsDeleted()) return std::move(then)(std::move(run));
    // Until then the store says that it has the id.
    WhenGone(*run, [this, key, then = std::move(then)](const absl::Status& gone) mutable {
      if (!gone.ok()) return std::move(then)(gone);
      WithCurrentRun(key, std::move(then));
    });
    return;
  }
  parts_.loader.LookUp(
      key, [this, key, then = std::move(then)](absl::StatusOr<std::optional<Uuid>> found) mutable {
        if (!found.ok()) {
          std::move(then)(found.status());
          return;
        }
        // A start that waited for the same look-up may have made a newer one.
        RunPtr current = parts_.cache.FindCurrent(key);
        if (current == nullptr && found->has_value()) {
          const RunKey run{key.shard, **found, key.kind};
          current = parts_.cache.Find(run);
          // It was deleted since the store was asked.
          if (current != nullptr && current->entity->IsDeleted()) return std::move(then)(RunPtr());
          if (current == nullptr) {
            Load(run, RunLoader::Urgency::kCall,
                 [this, key, then = std::move(then)](absl::StatusOr<RunPtr> loaded) mutable {
                   RunPtr newer = parts_.cache.FindCurrent(key);
                   if (loaded.ok() && *loaded != nullptr && (*loaded)->entity->IsDeleted()) loaded = RunPtr();
                   if (newer == nullptr && loaded.ok() && *loaded != nullptr && !(*loaded)->place.dropped())
                     parts_.cache.SetCurrent(*loaded);
                   if (newer != nullptr) loaded = std::move(newer);
                   std::move(then)(std::move(loaded));
                 });
            return;
          }
          parts_.cache.SetCurrent(current);
        }
        std::move(then)(std::move(current));
      });
}

void Residents::Load(const RunKey& key, RunLoader::Urgency urgency, RunLoader::Loaded done) {
  if (!parts_.retirement.IsRemoving(key)) {
    parts_.loader.Load(key, urgency, std::move(done));
    return;
  }
  parts_.retirement.WhenGone(key, [done = std::move(done)](const absl::Status& gone) mutable {
    std::move(done)(gone.ok() ? absl::StatusOr<RunPtr>(RunPtr()) : gone);
  });
}

absl::StatusOr<RunPtr> Residents::FoldStored(persistence::StoredRun& stored) {
  const absl::StatusOr<const engine::Kind*> kind = KindOf(stored.key.kind);
  if (!kind.ok()) return kind.status();
  auto run = std::make_shared<ResidentRun>();
  run->key = stored.key;
  run->delete_at = stored.delete_at;
  if (stored.snapshot) {
    absl::StatusOr<std::unique_ptr<engine::Entity>> entity = (*kind)->Decode(stored.snapshot->state);
    if (!entity.ok()) return entity.status();
    run->entity = *std::move(entity);
    run->log_weight.OnSnapshot(stored.snapshot->sequence, stored.snapshot->state.size());
  } else {
    run->entity = (*kind)->New();
  }
  for (persistence::HistoryRow& row : stored.rows) {
    run->log_weight.OnRecord(row.events.size() + row.changes.size(), row.event_count > 0);
    engine::Record record{row.first_event_id, row.event_count, std::move(row.events), std::move(row.changes),
                          row.sequence};
    if (absl::Status applied = run->entity->Apply(record); !applied.ok()) {
      spdlog::error("{}", AboutRun("a run cannot be folded", parts_.world.namespaces, stored.key,
                                   *run->entity, StdView(applied.message())));
      return applied;
    }
    row.events = std::move(record.events);
    run->tail.Append(std::move(row));
  }
  return run;
}

absl::StatusOr<RunPtr> Residents::Admit(persistence::StoredRun stored) {
  if (RunPtr already = parts_.cache.Find(stored.key); already != nullptr) return already;
  if (!stored.snapshot && stored.rows.empty()) return RunPtr();
  absl::StatusOr<RunPtr> folded = FoldStored(stored);
  if (!folded.ok()) return folded;
  RunPtr run = *std::move(folded);
  const engine::Entity& entity = *run->entity;
  run->durable = DurablePart::Of(entity);
  run->use.step = parts_.steps.NewStep();
  run->tail.OnDurable(run->durable.sequence, parts_.options.tail_bytes);
  if (parts_.options.check_fold) run->folded = entity.Clone();
  run->wakes.came_with = parts_.horizon.Take(run->key);
  for (const absl::Time at : run->wakes.came_with) run->wakes.known.Suspect(at);
  run->wakes.known.Suspect(entity.start_time());
  engine::Obligations obligations = entity.Owed();
  run->wakes.times = WakeTimes::Of(obligations, entity.EarliestNow());
  if (!run->durable.open && obligations.next_timer && obligations.messages.empty()) {
    run->wakes.known.Trust(*obligations.next_timer);  // the newest commit of a closed run wrote that row
  }
  HostDuties::HoldTimers(*run, parts_.commits.TimersNotBefore(run->key));
  parts_.steps.ObserverOf(entity).OnEntity(parts_.settings.For(entity).name, entity);
  parts_.departures.ShrinkMemory();  // before the newcomer could be the one to leave
  Insert(run, stored.current);
  parts_.duties.TakeUp(*run, std::move(obligations));
  parts_.departures.WatchQuiet(*run);
  return run;
}

void Residents::Insert(const RunPtr& run, bool stored_as_current) {
  parts_.cache.Insert(run);
  // Whoever has taken the id since the run was read is in memory.
  const bool newer =
      parts_.cache.FindCurrent({run->key.shard, run->namespace_id(), run->id(), run->key.kind}) != nullptr;
  if (run->durable.open || (stored_as_current && !newer)) {
    parts_.cache.SetCurrent(run);
  } else {
    RunCache::LoseId(*run);
  }
}

RunPtr Residents::AdmitNew(std::unique_ptr<engine::Entity> entity) {
  auto run = std::make_shared<ResidentRun>();
  run->key = {ShardOf(entity->namespace_id(), entity->id()), entity->run_id(), entity->kind().number()};
  run->next_write.execution_row = true;
  if (parts_.options.check_fold) run->folded = entity->kind().New();
  run->entity = std::move(entity);
  parts_.cache.Insert(run);
  return run;
}

// Runs that are on their way out of memory are still in it, and commits that lag keep them there. Nothing is
// lost by waiting for those; calls have twice the room. Whatever memory holds, each commit that lands lets
// one query go, and so does an executor that has nothing to commit and is about to do nothing: else what is
// due might wait for ever.
bool Residents::MayLoad(RunLoader::Urgency urgency) {
  const bool call = urgency == RunLoader::Urgency::kCall;
  if (parts_.cache.held_bytes() / (call ? 2 : 1) <= parts_.options.resident_bytes) return true;
  if (parts_.batcher.Idle() && !parts_.duties.keeper().IsAnyDue()) return true;
  return std::exchange(call ? call_turn_ : wake_turn_, false);
}

void Residents::RemoveStored(const persistence::StoredRun& stored, std::vector<RunLoader::Loaded> calls,
                             std::vector<RunLoader::Loaded> wakes) {
  parts_.retirement.RemoveStored(stored, std::move(calls), std::move(wakes));
}

}  // namespace perdure::server
