// How a HistoryHost finds runs and takes them into memory.
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "base/text.h"
#include "server/history/history_host.h"
#include "server/history/run_log.h"
#include "spdlog/spdlog.h"

namespace perdure::server {

using persistence::EntityKey;
using persistence::RunKey;

RunPtr HistoryHost::FindResident(const EntityRef& ref) const {
  const ShardId shard = ShardOf(ref.namespace_id, ref.id);
  if (!ref.run_id) return cache_.FindCurrent({shard, ref.namespace_id, ref.id, ref.kind});
  RunPtr run = cache_.Find({shard, *ref.run_id, ref.kind});
  if (run != nullptr && (run->id() != ref.id || run->namespace_id() != ref.namespace_id)) return nullptr;
  return run;
}

absl::StatusOr<const engine::Kind*> HistoryHost::KindOf(KindNumber number) const {
  const engine::Kind* const kind = world_.kinds.Find(number);
  if (kind == nullptr) return absl::DataLossError(absl::StrCat("there is no kind of entity ", number));
  return kind;
}

absl::Status HistoryHost::NoSuchRun(const EntityRef& ref) const {
  const absl::StatusOr<const engine::Kind*> kind = KindOf(ref.kind);
  return kind.ok() ? (*kind)->NoSuch(ref.id, ref.run_id) : kind.status();
}

void HistoryHost::WithRun(const EntityRef& ref, WithRunCallback then) {
  if (absl::Status serving = Serving(); !serving.ok()) {
    std::move(then)(serving);
    return;
  }
  FindRun(ref, [this, ref, then = std::move(then)](absl::StatusOr<RunPtr> run) mutable {
    if (run.ok() && *run == nullptr) run = NoSuchRun(ref);
    std::move(then)(std::move(run));
  });
}

void HistoryHost::FindRun(const EntityRef& ref, WithRunCallback then) {
  if (RunPtr run = FindResident(ref); run != nullptr && !run->lost) {
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
        run = Unavailable("the store refused what this run had written");
      }
    }
    // The lease may have run out while the store was read.
    if (absl::Status serving = Serving(); run.ok() && !serving.ok()) run = serving;
    std::move(then)(std::move(run));
  };
  if (!ref.run_id) {
    WithCurrentRun({shard, ref.namespace_id, ref.id, ref.kind}, std::move(check));
  } else if (RunPtr other = cache_.Find({shard, *ref.run_id, ref.kind}); other != nullptr) {
    check(std::move(other));  // of another id, or lost
  } else {
    LoadRun({shard, *ref.run_id, ref.kind}, RunLoader::Urgency::kCall, std::move(check));
  }
}

void HistoryHost::WithCurrentRun(const EntityKey& key, WithRunCallback then) {
  if (RunPtr run = cache_.FindCurrent(key); run != nullptr) {
    std::move(then)(std::move(run));
    return;
  }
  loader_.LookUp(key, [this, key, then = std::move(then)](absl::StatusOr<std::optional<Uuid>> found) mutable {
    if (!found.ok()) {
      std::move(then)(found.status());
      return;
    }
    // A start that waited for the same look-up may have made a newer one.
    RunPtr current = cache_.FindCurrent(key);
    if (current == nullptr && found->has_value()) {
      const RunKey run{key.shard, **found, key.kind};
      current = cache_.Find(run);
      if (current == nullptr) {
        LoadRun(run, RunLoader::Urgency::kCall,
                [this, key, then = std::move(then)](absl::StatusOr<RunPtr> loaded) mutable {
                  RunPtr newer = cache_.FindCurrent(key);
                  if (newer == nullptr && loaded.ok() && *loaded != nullptr) cache_.SetCurrent(*loaded);
                  if (newer != nullptr) loaded = std::move(newer);
                  std::move(then)(std::move(loaded));
                });
        return;
      }
      cache_.SetCurrent(current);
    }
    std::move(then)(std::move(current));
  });
}

void HistoryHost::LoadRun(const RunKey& key, RunLoader::Urgency urgency, RunLoader::Loaded done) {
  if (!retention_.IsRemoving(key)) {
    loader_.Load(key, urgency, std::move(done));
    return;
  }
  retention_.WhenGone(key, [done = std::move(done)](const absl::Status& gone) mutable {
    std::move(done)(gone.ok() ? absl::StatusOr<RunPtr>(RunPtr()) : gone);
  });
}

absl::StatusOr<RunPtr> HistoryHost::FoldStored(persistence::StoredRun& stored) {
  const absl::StatusOr<const engine::Kind*> kind = KindOf(stored.key.kind);
  if (!kind.ok()) return kind.status();
  auto run = std::make_shared<ResidentRun>();
  run->key = stored.key;
  run->delete_at = stored.delete_at;
  if (stored.snapshot) {
    absl::StatusOr<std::unique_ptr<engine::Entity>> entity = (*kind)->Decode(stored.snapshot->state);
    if (!entity.ok()) return entity.status();
    run->entity = *std::move(entity);
    run->snapshot_sequence = stored.snapshot->sequence;
    run->snapshot_bytes = stored.snapshot->state.size();
  } else {
    run->entity = (*kind)->New();
  }
  for (persistence::HistoryRow& row : stored.rows) {
    run->log_bytes += row.events.size() + row.changes.size();
    if (row.event_count == 0) ++run->rows_without_events;
    engine::Record record{row.first_event_id, row.event_count, std::move(row.events), std::move(row.changes),
                          row.sequence};
    if (absl::Status applied = run->entity->Apply(record); !applied.ok()) {
      spdlog::error("{}", AboutRun("a run cannot be folded", world_.namespaces, stored.key, *run->entity,
                                   StdView(applied.message())));
      return applied;
    }
    row.events = std::move(record.events);
    run->tail.Append(std::move(row));
  }
  return run;
}

absl::StatusOr<RunPtr> HistoryHost::Admit(persistence::StoredRun stored) {
  if (RunPtr already = cache_.Find(stored.key); already != nullptr) return already;
  if (!stored.snapshot && stored.rows.empty()) return RunPtr();
  absl::StatusOr<RunPtr> folded = FoldStored(stored);
  if (!folded.ok()) return folded;
  RunPtr run = *std::move(folded);
  const engine::Entity& entity = *run->entity;
  const engine::LogPosition log = entity.log();
  run->durable_sequence = log.last_sequence;
  run->durable_next_event_id = log.next_event_id;
  run->durable_open = entity.IsOpen();
  run->tail.OnDurable(run->durable_sequence, options_.tail_bytes);
  if (options_.check_fold) run->folded = entity.Clone();
  run->came_with = horizon_.Take(run->key);
  for (const absl::Time at : run->came_with) run->wakes.Suspect(at);
  run->wakes.Suspect(entity.start_time());
  engine::Obligations obligations = entity.Owed();
  run->wake_times = WakeTimes::Of(obligations, entity.EarliestNow());
  if (!run->durable_open && obligations.next_timer && obligations.messages.empty()) {
    run->wakes.Trust(*obligations.next_timer);  // the newest commit of a closed run wrote that row
  }
  if (const auto refused = refusals_.find(run->key); refused != refusals_.end()) {
    run->timers_not_before = refused->second.until;
  }
  ObserverOf(entity).OnEntity(SettingsFor(entity).name, entity);
  ShrinkMemory();  // before the newcomer could be the one to leave
  cache_.Insert(run);
  run->current = stored.current || run->durable_open;
  // Whoever has taken the id since the run was read is in memory.
  const bool newer =
      cache_.FindCurrent({run->key.shard, run->namespace_id(), run->id(), run->key.kind}) != nullptr;
  if (run->current && (run->durable_open || !newer)) {
    cache_.SetCurrent(run);
  } else {
    run->current = false;
  }
  TakeUp(*run, std::move(obligations));
  WatchQuiet(*run);
  return run;
}

RunPtr HistoryHost::AdmitNew(std::unique_ptr<engine::Entity> entity) {
  auto run = std::make_shared<ResidentRun>();
  run->key = {ShardOf(entity->namespace_id(), entity->id()), entity->run_id(), entity->kind().number()};
  run->execution_row_due = true;
  if (options_.check_fold) run->folded = entity->kind().New();
  run->entity = std::move(entity);
  cache_.Insert(run);
  return run;
}

}  // namespace perdure::server
