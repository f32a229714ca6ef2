#include "server/history/host/salvage.h"

#include <utility>

#include "base/status.h"
#include "base/text.h"
#include "persistence/visibility_query.h"
#include "server/history/batcher.h"
#include "server/history/host/calls.h"
#include "server/history/host/life.h"
#include "server/history/host/replies.h"
#include "server/history/host/steps.h"
#include "server/history/run_cache.h"
#include "server/history/run_loader.h"
#include "server/history/run_log.h"
#include "server/history/wake_horizon.h"
#include "spdlog/spdlog.h"

namespace perdure::server {

using persistence::EntityKey;
using persistence::RunKey;
using persistence::StoredRun;

namespace {

absl::Status Busy() { return Unavailable("another call is ending this run, or a newer one replaces it"); }

// The longest beginning of the log that folds; null when the first record does not. `whole`: all of it did.
std::unique_ptr<engine::Entity> FoldBeginning(const engine::Kind& kind, const StoredRun& stored,
                                              bool& whole) {
  std::unique_ptr<engine::Entity> folded;
  whole = false;
  std::unique_ptr<engine::Entity> next = kind.New();
  if (stored.snapshot) {
    absl::StatusOr<std::unique_ptr<engine::Entity>> decoded = kind.Decode(stored.snapshot->state);
    if (!decoded.ok()) return nullptr;
    next = *std::move(decoded);
    folded = next->Clone();
  }
  for (const persistence::HistoryRow& row : stored.rows) {
    const engine::Record record{row.first_event_id, row.event_count, row.events, row.changes, row.sequence};
    if (!next->Apply(record).ok()) return folded;
    folded = next->Clone();
  }
  whole = true;
  return folded;
}

void CountLog(const StoredRun& stored, engine::LogPosition& log) {
  if (stored.snapshot) {
    log.last_sequence = stored.snapshot->sequence;
    log.next_event_id = stored.snapshot->next_event_id;
  }
  for (const persistence::HistoryRow& row : stored.rows) {
    log.last_sequence = row.sequence;
    log.next_event_id = row.first_event_id + row.event_count;
    log.event_bytes += static_cast<int64_t>(row.events.size());
  }
}

persistence::VisibilityQuery RowOf(const Uuid& namespace_id, const RunKey& key) {
  persistence::VisibilityQuery query;
  query.namespace_id = namespace_id;
  query.kind = key.kind;
  query.shard = key.shard;
  query.filter =
      persistence::Filter::Of({persistence::Column::kRunId, persistence::Comparison::kEqual, key.run_id});
  query.page_size = 1;
  return query;
}

}  // namespace

absl::StatusOr<RunPtr> Salvage::MakeHusk(const StoredRun& stored, const persistence::ExecutionRow& row) {
  const absl::StatusOr<const engine::Kind*> kind = parts_.residents.KindOf(stored.key.kind);
  if (!kind.ok()) return kind.status();
  bool whole = false;
  engine::Remains remains;
  remains.namespace_id = row.namespace_id;
  remains.id = row.id;
  remains.run_id = stored.key.run_id;
  remains.folded = FoldBeginning(**kind, stored, whole);
  if (whole) return Busy();
  remains.status = row.status;
  remains.type = row.type;
  remains.queue = row.queue;
  remains.start_time = row.start_time;
  remains.close_time = row.close_time;
  CountLog(stored, remains.log);
  auto husk = std::make_shared<ResidentRun>();
  husk->key = stored.key;
  husk->salvaged = true;
  husk->entity = (*kind)->Salvage(std::move(remains));
  RunCache::Outside(*husk, row.current);
  husk->durable = DurablePart::Of(*husk->entity);
  if (parts_.options.check_fold) husk->folded = husk->entity->Clone();
  if (husk->durable.open) {
    husk->wakes.came_with = parts_.horizon.Take(husk->key);
    for (const absl::Time at : husk->wakes.came_with) husk->wakes.known.Suspect(at);
  }
  return husk;
}

void Salvage::Begin(const Uuid& namespace_id, const RunKey& key, WithRunCallback then) {
  if (!salvaging_.insert(key).second) return std::move(then)(Busy());
  // The host may have dropped everything meanwhile, or lost its lease.
  const auto may_go_on = [this, generation = generation_] {
    absl::Status serving = parts_.life.Serving();
    if (serving.ok() && generation != generation_) serving = Busy();
    return serving;
  };
  const auto answer = [this, key, generation = generation_](WithRunCallback& done,
                                                            absl::StatusOr<RunPtr> husk) {
    if (!husk.ok() && generation == generation_) salvaging_.erase(key);
    std::move(done)(std::move(husk));
  };
  parts_.session.LoadRuns({{key}}, [this, namespace_id, key, may_go_on, answer, then = std::move(then)](
                                       absl::StatusOr<std::vector<StoredRun>> runs) mutable {
    if (!runs.ok()) return answer(then, runs.status());
    auto on_row = [this, may_go_on, answer, stored = std::move(runs->front()),
                   then = std::move(then)](absl::StatusOr<persistence::VisibilityPage> page) mutable {
      if (!page.ok()) return answer(then, page.status());
      if (absl::Status go_on = may_go_on(); !go_on.ok()) return answer(then, go_on);
      if (page->rows.empty()) return answer(then, absl::DataLossError("a run has no row of its own"));
      answer(then, MakeHusk(stored, page->rows.front().row));
    };
    parts_.session.ListExecutions(RowOf(namespace_id, key), std::move(on_row));
  });
}

void Salvage::Finish(const RunPtr& husk) {
  if (!husk->commit.Gathers()) {
    parts_.horizon.PutBack(husk->key, husk->wakes.came_with);
    salvaging_.erase(husk->key);
    return;
  }
  Batcher::WhenDurable(*husk, [this, key = husk->key, generation = generation_](const absl::Status&) {
    if (generation == generation_) salvaging_.erase(key);
  });
}

void Salvage::Abandon() {
  ++generation_;
  salvaging_.clear();
}

void Salvage::BeginCurrent(const EntityKey& key, WithRunCallback then) {
  parts_.loader.LookUp(
      key, [this, key, then = std::move(then)](absl::StatusOr<std::optional<Uuid>> found) mutable {
        if (!found.ok()) return std::move(then)(found.status());
        if (!found->has_value() || parts_.cache.FindCurrent(key) != nullptr) return std::move(then)(Busy());
        Begin(key.namespace_id, {key.shard, **found, key.kind}, std::move(then));
      });
}

void Salvage::End(const EntityRef& ref, engine::RequestPtr request, Callback<engine::ReplyPtr> done) {
  auto on_husk = [this, ref, request = std::move(request),
                  done = std::move(done)](absl::StatusOr<RunPtr> husk) mutable {
    if (!husk.ok()) return std::move(done)(husk.status());
    absl::StatusOr<engine::ReplyPtr> reply = parts_.residents.NoSuchRun(ref);
    if ((*husk)->id() == ref.id) reply = parts_.steps.StepRequest(*husk, *request).reply;
    if (reply.ok()) {
      spdlog::warn("{}", AboutRun("a run that cannot be folded was terminated", parts_.world.namespaces,
                                  (*husk)->key, *(*husk)->entity, ""));
    }
    parts_.replies.Answer(*husk, std::move(reply), std::move(done));
    Finish(*husk);
  };
  const ShardId shard = ShardOf(ref.namespace_id, ref.id);
  if (ref.run_id) {
    Begin(ref.namespace_id, {shard, *ref.run_id, ref.kind}, std::move(on_husk));
  } else {
    BeginCurrent({shard, ref.namespace_id, ref.id, ref.kind}, std::move(on_husk));
  }
}

void Salvage::StartOver(const EntityKey& key, std::unique_ptr<engine::StartRequest> request,
                        Callback<engine::ReplyPtr> done) {
  BeginCurrent(key, [this, key, request = std::move(request),
                     done = std::move(done)](absl::StatusOr<RunPtr> husk) mutable {
    if (!husk.ok()) return std::move(done)(husk.status());
    const bool replaced = parts_.cache.FindCurrent(key) != nullptr;
    if (replaced || !request->MayReplaceUnfoldable()) {
      std::move(done)(replaced ? Busy() : absl::DataLossError("the current run cannot be read"));
    } else {
      parts_.calls.StartOn(*husk, key.namespace_id, (*husk)->entity->kind(), *request, std::move(done));
    }
    Finish(*husk);
  });
}

}  // namespace perdure::server
