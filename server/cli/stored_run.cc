#include "server/cli/stored_run.h"

#include <utility>

#include <fmt/format.h>

#include "server/cli/await.h"

namespace perdure::server {
namespace {

using persistence::HistoryRow;
using persistence::RunKey;
using persistence::Session;

constexpr size_t kPageBytes = 4 * 1024 * 1024;

absl::StatusOr<std::optional<Uuid>> FindCurrent(Session& session, Executor& loop,
                                                const persistence::EntityKey& key) {
  using Found = std::vector<std::optional<Uuid>>;
  auto found = AwaitOn<Found>(loop, [&](auto done) { session.FindCurrentRuns({key}, std::move(done)); });
  if (!found.ok()) return found.status();
  return found->front();
}

// The rows below `to_event_id`.
absl::Status ReadBefore(Session& session, Executor& loop, const RunKey& key, int64_t to_event_id,
                        std::vector<HistoryRow>& rows) {
  persistence::HistoryQuery query{key, 1, to_event_id, kPageBytes, false};
  while (query.from_event_id < to_event_id) {
    auto page = AwaitOn<std::vector<HistoryRow>>(
        loop, [&](auto done) { session.ReadHistory(query, std::move(done)); });
    if (!page.ok()) return page.status();
    if (page->empty()) break;
    query.from_event_id = page->back().first_event_id + page->back().event_count;
    for (HistoryRow& row : *page) rows.push_back(std::move(row));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::optional<persistence::ExecutionRow>> ReadRow(Session& session, Executor& loop,
                                                                 const Uuid& namespace_id,
                                                                 const RunKey& key) {
  persistence::VisibilityQuery query;
  query.kind = key.kind;
  query.namespace_id = namespace_id;
  query.filter =
      persistence::Filter::Of({persistence::Column::kRunId, persistence::Comparison::kEqual, key.run_id});
  query.shard = key.shard;
  query.page_size = 1;
  auto page = AwaitOn<persistence::VisibilityPage>(
      loop, [&](auto done) { session.ListExecutions(query, std::move(done)); });
  if (!page.ok()) return page.status();
  if (page->rows.empty()) return std::nullopt;
  return std::move(page->rows.front().row);
}

absl::StatusOr<std::unique_ptr<engine::Entity>> Fold(const engine::Kind& kind,
                                                     const persistence::StoredRun& stored) {
  auto entity = kind.New();
  if (stored.snapshot) {
    auto decoded = kind.Decode(stored.snapshot->state);
    if (!decoded.ok()) return decoded.status();
    entity = *std::move(decoded);
  }
  for (const HistoryRow& row : stored.rows) {
    absl::Status applied =
        entity->Apply({row.first_event_id, row.event_count, row.events, row.changes, row.sequence});
    if (!applied.ok()) return applied;
  }
  return entity;
}

}  // namespace

absl::StatusOr<StoredRunView> ReadStoredRun(Session& session, Executor& loop, const StoredRunName& name) {
  const engine::Kind& kind = *name.line.kind;
  const Uuid& namespace_id = name.name_space.id;
  const ShardId shard = ShardOf(namespace_id, name.id);
  std::optional<Uuid> run_id = name.run_id;
  if (!run_id) {
    const auto current = FindCurrent(session, loop, {shard, namespace_id, name.id, kind.number()});
    if (!current.ok()) return current.status();
    run_id = *current;
  }
  absl::Status none = absl::NotFoundError(fmt::format(
      "the store has no run{} of {} \"{}\" in namespace \"{}\"", run_id ? " " + run_id->ToString() : "",
      kind.name(), name.id, name.name_space.settings.name));
  if (!run_id) return none;
  StoredRunView view{.key = {shard, *run_id, kind.number()},
                     .is_current = false,
                     .row = {},
                     .snapshot = {},
                     .records = {},
                     .records_left_out = 0,
                     .entity = none};

  auto runs = AwaitOn<std::vector<persistence::StoredRun>>(
      loop, [&](auto done) { session.LoadRuns({{view.key}}, std::move(done)); });
  if (!runs.ok()) return runs.status();
  persistence::StoredRun& stored = runs->front();
  if (stored.found != persistence::StoredRun::Found::kRun) return none;
  view.is_current = stored.current;
  auto row = ReadRow(session, loop, namespace_id, view.key);
  if (!row.ok()) return row.status();
  view.row = *std::move(row);
  if (stored.snapshot) {
    absl::Status read = ReadBefore(session, loop, view.key, stored.snapshot->next_event_id, view.records);
    if (!read.ok()) return read;
    view.records_left_out = stored.snapshot->sequence - static_cast<int64_t>(view.records.size());
  }
  view.entity = Fold(kind, stored);
  for (HistoryRow& record : stored.rows) view.records.push_back(std::move(record));
  view.snapshot = std::move(stored.snapshot);
  return view;
}

}  // namespace perdure::server
