#include "tests/simulation/auditor.h"

#include <fmt/format.h>

#include <map>
#include <optional>
#include <utility>

#include "base/check.h"
#include "engine/workflow/workflow.h"
#include "server/history/known_wakes.h"

namespace perdure::simulation {
namespace {

namespace workflow = engine::workflow;

constexpr size_t kAll = 1'000'000;

workflow::State FoldOf(const persistence::StoredRun& stored) {
  workflow::State state;
  if (stored.snapshot) {
    absl::StatusOr<workflow::State> decoded = workflow::DecodeSnapshot(stored.snapshot->state);
    PERDURE_CHECK(decoded.ok(), "a stored snapshot can be read");
    state = *std::move(decoded);
  }
  for (const persistence::HistoryRow& row : stored.rows) {
    const absl::Status applied =
        workflow::Apply(state, {row.first_event_id, row.event_count, row.events, row.changes, row.sequence});
    PERDURE_CHECK(applied.ok(), "a stored run can be folded");
  }
  return state;
}

}  // namespace

Auditor::Auditor(persistence::MemoryStore& store, StoreFaults& faults, const Uuid& namespace_id)
    : store_(store),
      faults_(faults),
      namespace_id_(namespace_id),
      time_(1),
      executor_(time_),
      session_(store.OpenSession(executor_)) {}

template <typename T, typename Ask>
T Auditor::Read(Ask ask) {
  std::optional<T> read;
  faults_.SetQuiet(true);
  ask([&read](absl::StatusOr<T> answer) {
    PERDURE_CHECK(answer.ok(), "the auditor's reads do not fail");
    read = *std::move(answer);
  });
  time_.RunUntilIdle();
  faults_.SetQuiet(false);
  PERDURE_CHECK(read.has_value(), "the auditor's reads are answered at once");
  return *std::move(read);
}

std::vector<persistence::VisibilityRow> Auditor::Rows() {
  persistence::VisibilityQuery query;
  query.namespace_id = namespace_id_;
  query.page_size = kAll;
  return Read<persistence::VisibilityPage>(
             [&](auto done) { session_->ListExecutions(query, std::move(done)); })
      .rows;
}

std::vector<persistence::WakeRow> Auditor::Wakes(uint32_t writer) {
  persistence::WakeQuery query;
  query.writer_id = writer;
  query.limit = kAll;
  return Read<std::vector<persistence::WakeRow>>(
      [&](auto done) { session_->ReadWakes(query, std::move(done)); });
}

std::vector<persistence::StoredRun> Auditor::Load() {
  persistence::LoadQuery query;
  for (const persistence::VisibilityRow& row : Rows()) query.keys.push_back(row.key);
  return Read<std::vector<persistence::StoredRun>>(
      [&](auto done) { session_->LoadRuns(query, std::move(done)); });
}

std::vector<persistence::RunKey> Auditor::Keys() {
  std::vector<persistence::RunKey> keys;
  for (const persistence::VisibilityRow& row : Rows()) keys.push_back(row.key);
  return keys;
}

std::string Auditor::RowsOf(const std::vector<persistence::RunKey>& runs,
                            const std::vector<uint32_t>& writers) {
  int64_t history = 0;
  for (const persistence::RunKey& run : runs) history += store_.CountHistoryRows(run);
  std::vector<persistence::WakeRow> wakes;
  for (const uint32_t writer : writers) {
    for (const persistence::WakeRow& wake : Wakes(writer)) wakes.push_back(wake);
  }
  const size_t executions = Rows().size();
  if (executions == 0 && history == 0 && wakes.empty()) return "";
  return fmt::format("{} execution rows, {} history rows, {} wakes from {} on", executions, history,
                     wakes.size(), wakes.empty() ? "never" : absl::FormatTime(wakes.front().at));
}

Auditor::Runs Auditor::CountRuns() {
  Runs runs;
  for (const persistence::VisibilityRow& row : Rows()) {
    ++runs.all;
    if (row.row.close_time.has_value()) ++runs.closed;
  }
  return runs;
}

std::vector<std::string> Auditor::CheckChains() {
  std::map<std::string, workflow::State> runs;  // by run id
  std::map<std::string, int> open;              // by workflow id
  for (const persistence::StoredRun& run : Load()) {
    workflow::State state = FoldOf(run);
    open[state.facts->workflow_id] += state.IsOpen() ? 1 : 0;
    runs.emplace(state.facts->run_id.ToString(), std::move(state));
  }
  std::vector<std::string> broken;
  for (const auto& [id, count] : open) {
    if (count > 1) broken.push_back(fmt::format("{} has {} open runs", id, count));
  }
  for (const auto& [run_id, state] : runs) {
    const auto& started = state.facts->started->workflow_execution_started_event_attributes();
    const std::string& before = started.continued_execution_run_id();
    const bool begins = run_id == started.first_execution_run_id();
    if (begins != before.empty() || (!begins && !runs.contains(before))) {
      broken.push_back(fmt::format("run {} of {} follows on no run", run_id, state.facts->workflow_id));
    }
    if (state.close_event == nullptr) continue;
    const std::string& next = workflow::NextRunIdOf(*state.close_event);
    if (next.empty() || runs.contains(next)) continue;
    broken.push_back(fmt::format("run {} of {} is followed by none", run_id, state.facts->workflow_id));
  }
  return broken;
}

std::vector<std::string> Auditor::CheckWakes(const std::vector<uint32_t>& writers) {
  std::map<persistence::RunKey, absl::Time> first;
  for (const uint32_t writer : writers) {
    for (const persistence::WakeRow& wake : Wakes(writer)) first.emplace(wake.run, wake.at);
  }
  const std::vector<persistence::StoredRun> stored = Load();
  std::vector<std::string> broken;
  for (const persistence::StoredRun& run : stored) {
    const workflow::State state = FoldOf(run);
    server::WakeTimes times =
        server::WakeTimes::Of(workflow::ObligationsOf(state), workflow::EarliestNow(state));
    times.message.reset();  // a run that waits for the next attempt of one left memory with that wake
    const std::optional<absl::Time> owed = times.Earliest();
    const auto wake = first.find(run.key);
    if (!owed || (wake != first.end() && wake->second <= *owed)) continue;
    broken.push_back(fmt::format("{} owes something at {}, and its first wake is {}",
                                 state.facts->workflow_id, absl::FormatTime(*owed),
                                 wake == first.end() ? "nowhere" : absl::FormatTime(wake->second)));
  }
  return broken;
}

}  // namespace perdure::simulation
