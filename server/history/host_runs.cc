// How a HistoryHost finds runs and takes them into memory.
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "base/text.h"
#include "server/history/history_host.h"
#include "server/history/run_log.h"
#include "spdlog/spdlog.h"

namespace perdure::server {

namespace workflow = engine::workflow;
using persistence::RunKey;
using persistence::WorkflowKey;

RunPtr HistoryHost::FindResident(const RunRef& ref) const {
  const ShardId shard = ShardOf(ref.namespace_id, ref.workflow_id);
  if (!ref.run_id) return cache_.FindCurrent({shard, ref.namespace_id, ref.workflow_id});
  RunPtr run = cache_.Find({shard, *ref.run_id});
  if (run != nullptr && (run->workflow_id() != ref.workflow_id || run->namespace_id() != ref.namespace_id))
    return nullptr;
  return run;
}

absl::Status HistoryHost::NoSuchRun(const RunRef& ref) {
  if (!ref.run_id) return NotFound(absl::StrCat("workflow not found for ID: ", Shown(ref.workflow_id)));
  return NotFound(absl::StrCat("workflow execution not found for workflow ID \"", Shown(ref.workflow_id),
                               "\" and run ID \"", ref.run_id->ToString(), "\""));
}

void HistoryHost::WithRun(const RunRef& ref, WithRunCallback then) {
  if (absl::Status serving = Serving(); !serving.ok()) {
    std::move(then)(serving);
    return;
  }
  if (RunPtr run = FindResident(ref); run != nullptr) {
    std::move(then)(std::move(run));
    return;
  }
  const ShardId shard = ShardOf(ref.namespace_id, ref.workflow_id);
  auto check = [this, ref, then = std::move(then)](absl::StatusOr<RunPtr> run) mutable {
    if (run.ok()) {
      const absl::Status serving = Serving();  // the lease may have run out while the store was read
      if (!serving.ok()) {
        run = serving;
      } else if (*run == nullptr || (*run)->workflow_id() != ref.workflow_id ||
                 (*run)->namespace_id() != ref.namespace_id) {
        run = NoSuchRun(ref);
      }
    }
    std::move(then)(std::move(run));
  };
  if (!ref.run_id) {
    WithCurrentRun({shard, ref.namespace_id, ref.workflow_id}, std::move(check));
  } else if (RunPtr other = cache_.Find({shard, *ref.run_id}); other != nullptr) {
    check(std::move(other));  // of another workflow id
  } else {
    LoadRun({shard, *ref.run_id}, RunLoader::Urgency::kCall, std::move(check));
  }
}

void HistoryHost::WithCurrentRun(const WorkflowKey& key, WithRunCallback then) {
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
      const RunKey run{key.shard, **found};
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

absl::StatusOr<RunPtr> HistoryHost::Admit(persistence::StoredRun stored) {
  if (RunPtr already = cache_.Find(stored.key); already != nullptr) return already;
  if (!stored.snapshot && stored.rows.empty()) return RunPtr();
  auto run = std::make_shared<ResidentRun>();
  run->key = stored.key;
  run->delete_at = stored.delete_at;
  if (stored.snapshot) {
    absl::StatusOr<workflow::State> state = workflow::DecodeSnapshot(stored.snapshot->state);
    if (!state.ok()) return state.status();
    run->state = *std::move(state);
    run->snapshot_sequence = stored.snapshot->sequence;
    run->snapshot_bytes = stored.snapshot->state.size();
  }
  for (persistence::HistoryRow& row : stored.rows) {
    run->log_bytes += row.events.size() + row.changes.size();
    if (row.event_count == 0) ++run->rows_without_events;
    engine::Record record{row.first_event_id, row.event_count, std::move(row.events), std::move(row.changes),
                          row.sequence};
    if (absl::Status applied = workflow::Apply(run->state, record); !applied.ok()) {
      spdlog::error("{}", AboutRun("a run cannot be folded", world_.namespaces, stored.key, run->state,
                                   StdView(applied.message())));
      return applied;
    }
    row.events = std::move(record.events);
    run->tail.Append(std::move(row));
  }
  run->durable_sequence = run->state.last_sequence;
  run->durable_next_event_id = run->state.next_event_id;
  run->durable_open = run->state.IsOpen();
  run->tail.OnDurable(run->durable_sequence, options_.tail_bytes);
  run->row_memo = run->state.memo;
  run->row_search_attributes = run->state.search_attributes;
  if (options_.check_fold) run->folded = run->state;
  run->came_with = horizon_.Take(run->key);
  for (const absl::Time at : run->came_with) run->wakes.Suspect(at);
  run->wakes.Suspect(run->state.facts->start_time);
  engine::Obligations obligations = workflow::ObligationsOf(run->state);
  run->wake_times = WakeTimes::Of(obligations);
  if (!run->durable_open && obligations.next_timer) {
    run->wakes.Trust(*obligations.next_timer);  // the commit that closed it wrote that row
  }
  if (const auto refused = refusals_.find(run->key); refused != refusals_.end()) {
    run->timers_not_before = refused->second.until;
  }
  if (const engine::NamespaceSettings* settings = SettingsOf(run->namespace_id()); settings != nullptr) {
    metrics_.OnRun(settings->name, run->state);
  }
  ShrinkMemory();  // before the newcomer could be the one to leave
  cache_.Insert(run);
  run->current = run->durable_open;
  if (run->current) cache_.SetCurrent(run);
  keeper_.Take(*run, std::move(obligations));
  WatchQuiet(*run);
  return run;
}

RunPtr HistoryHost::AdmitNew(workflow::State state) {
  auto run = std::make_shared<ResidentRun>();
  run->key = {ShardOf(state.facts->namespace_id, state.facts->workflow_id), state.facts->run_id};
  run->state = std::move(state);
  run->execution_row_due = true;
  if (options_.check_fold) run->folded.emplace();
  cache_.Insert(run);
  return run;
}

}  // namespace perdure::server
