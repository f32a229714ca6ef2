#include "server/cli/stored_run.h"

#include <utility>

#include <fmt/format.h>

#include "engine/workflow/workflow.h"
#include "server/cli/await.h"

namespace perdure::server {
namespace {

namespace workflow = engine::workflow;
using persistence::HistoryRow;
using persistence::RunKey;
using persistence::Session;

constexpr size_t kPageBytes = 4 * 1024 * 1024;

absl::StatusOr<std::optional<Uuid>> FindCurrent(Session& session, Executor& loop,
                                                const persistence::WorkflowKey& key) {
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

absl::StatusOr<workflow::State> Fold(const persistence::StoredRun& stored) {
  workflow::State state;
  if (stored.snapshot) {
    auto decoded = workflow::DecodeSnapshot(stored.snapshot->state);
    if (!decoded.ok()) return decoded.status();
    state = *std::move(decoded);
  }
  for (const HistoryRow& row : stored.rows) {
    absl::Status applied =
        workflow::Apply(state, {row.first_event_id, row.event_count, row.events, row.changes, row.sequence});
    if (!applied.ok()) return applied;
  }
  return state;
}

}  // namespace

absl::StatusOr<StoredRunView> ReadStoredRun(Session& session, Executor& loop, const Namespace& name_space,
                                            const std::string& workflow_id, std::optional<Uuid> run_id) {
  const ShardId shard = ShardOf(name_space.id, workflow_id);
  if (!run_id) {
    const auto current = FindCurrent(session, loop, {shard, name_space.id, workflow_id});
    if (!current.ok()) return current.status();
    run_id = *current;
  }
  absl::Status none = absl::NotFoundError(
      fmt::format("the store has no run{} of workflow \"{}\" in namespace \"{}\"",
                  run_id ? " " + run_id->ToString() : "", workflow_id, name_space.settings.name));
  if (!run_id) return none;
  StoredRunView view{.key = {shard, *run_id},
                     .is_current = false,
                     .row = {},
                     .snapshot = {},
                     .records = {},
                     .records_left_out = 0,
                     .state = none};

  auto runs = AwaitOn<std::vector<persistence::StoredRun>>(
      loop, [&](auto done) { session.LoadRuns({{view.key}}, std::move(done)); });
  if (!runs.ok()) return runs.status();
  persistence::StoredRun& stored = runs->front();
  if (stored.found != persistence::StoredRun::Found::kRun) return none;
  view.is_current = stored.current;
  auto row = ReadRow(session, loop, name_space.id, view.key);
  if (!row.ok()) return row.status();
  view.row = *std::move(row);
  if (stored.snapshot) {
    absl::Status read = ReadBefore(session, loop, view.key, stored.snapshot->next_event_id, view.records);
    if (!read.ok()) return read;
    view.records_left_out = stored.snapshot->sequence - static_cast<int64_t>(view.records.size());
  }
  view.state = Fold(stored);
  for (HistoryRow& record : stored.rows) view.records.push_back(std::move(record));
  view.snapshot = std::move(stored.snapshot);
  return view;
}

}  // namespace perdure::server
