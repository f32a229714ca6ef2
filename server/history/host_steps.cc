// Decisions on runs: what Decide says is recorded, joins the gathering commit, and is answered once durable.
#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/status.h"
#include "base/text.h"
#include "server/history/execution_row.h"
#include "server/history/history_host.h"
#include "server/history/run_log.h"
#include "spdlog/spdlog.h"

namespace perdure::server {

namespace workflow = engine::workflow;

namespace {

// A timer that fires and changes nothing is a mistake of the rules; it must not become a busy loop.
constexpr absl::Duration kIdleTimerBackoff = absl::Seconds(1);

// Only the start by matching's own hand needs no withdrawal of the dispatch.
void NoteStarted(ResidentRun& run, const workflow::Request& request) {
  if (const auto* task = std::get_if<workflow::StartWorkflowTask>(&request)) {
    ObligationsKeeper::Started(run, engine::TaskKind::kWorkflow, task->scheduled_event_id, task->attempt);
  } else if (const auto* activity = std::get_if<workflow::StartActivityTask>(&request)) {
    ObligationsKeeper::Started(run, engine::TaskKind::kActivity, activity->scheduled_event_id,
                               activity->attempt);
  } else if (const auto* back = std::get_if<workflow::ReturnActivityTask>(&request)) {
    // A commit from before the start may have landed since, and the task been offered with it and refused as
    // already started: what comes back is offered once more.
    ObligationsKeeper::Started(run, engine::TaskKind::kActivity, back->token.scheduled_event_id(),
                               back->token.attempt());
  }
}

}  // namespace

const engine::NamespaceSettings* HistoryHost::SettingsOf(const Uuid& namespace_id) {
  if (namespaces_ != nullptr) {
    const auto known = namespaces_->by_id.find(namespace_id);
    if (known != namespaces_->by_id.end() && namespaces_ == world_.namespaces.Snapshot()) {
      return &known->second->settings;
    }
  }
  namespaces_ = world_.namespaces.Snapshot();
  const auto found = namespaces_->by_id.find(namespace_id);
  return found == namespaces_->by_id.end() ? nullptr : &found->second->settings;
}

engine::Context HistoryHost::ContextFor(const workflow::State* state,
                                        const engine::NamespaceSettings& settings) {
  absl::Time now = world_.executor.Now();
  if (state != nullptr) now = std::max(now, workflow::EarliestNow(*state));
  return {now, world_.executor.random(), settings};
}

absl::StatusOr<workflow::Reply> HistoryHost::Step(const RunPtr& run, const workflow::Request& request) {
  const engine::NamespaceSettings* settings = SettingsOf(run->namespace_id());
  if (settings == nullptr) return NamespaceNotFound(run->namespace_id().ToString());
  const engine::Context context = ContextFor(&run->state, *settings);
  const RunMetrics::Before before = RunMetrics::Note(run->state, request);
  workflow::Decision decision = workflow::Decide(std::move(run->state), request, context);
  run->state = std::move(decision.state);
  if (decision.reply.ok()) NoteStarted(*run, request);
  metrics_.Count(settings->name, before, request, decision.reply.ok(), run->state);
  metrics_.CountTransitions(settings->name, run->state, decision.records.size());
  if (!decision.records.empty()) {
    Record(run, std::move(decision.records));
  } else if (decision.reply.ok()) {
    RefreshObligations(*run);  // a soft start changes them without a record
  }
  return std::move(decision.reply);
}

void HistoryHost::Record(const RunPtr& run, std::vector<engine::Record> records) {
  if (options_.check_fold) CheckFold(*run, records);
  size_t bytes = 0;
  for (engine::Record& record : records) {
    bytes += record.events.size() + record.changes.size();
    if (record.event_count == 0) ++run->rows_without_events;
    run->tail.Append({record.sequence, record.first_event_id, record.event_count, std::move(record.events),
                      std::move(record.changes)});
  }
  run->log_bytes += bytes;
  run->touched = true;
  run->evict = false;
  run->last_touch = world_.executor.Now();
  if (!run->state.IsOpen() && run->durable_open) run->execution_row_due = true;
  if (&*run->row_memo != &*run->state.memo ||
      &*run->row_search_attributes != &*run->state.search_attributes) {
    run->row_memo = run->state.memo;
    run->row_search_attributes = run->state.search_attributes;
    run->execution_row_due = true;
  }
  batcher_.Add(run, records.size(), bytes);
}

void HistoryHost::CheckFold(ResidentRun& run, const std::vector<engine::Record>& records) {
  for (const engine::Record& record : records) {
    const absl::Status applied = workflow::Apply(*run.folded, record);
    PERDURE_CHECK(applied.ok(), StdView(applied.message()));
  }
  PERDURE_CHECK(workflow::EncodeSnapshot(*run.folded) == workflow::EncodeSnapshot(run.state),
                "the fold of a run's records differs from its state");
}

void HistoryHost::RefreshObligations(ResidentRun& run) {
  if (run.Durable()) {
    keeper_.Take(run, workflow::ObligationsOf(run.state));
  } else {
    run.obligations_stale = true;
  }
}

void HistoryHost::Execute(const RunRef& ref, workflow::Request request, Callback<workflow::Reply> done) {
  // The common case first: no closure is built for a run in memory.
  if (const RunPtr run = FindResident(ref); run != nullptr) {
    ExecuteOn(run, request, std::move(done));
    return;
  }
  WithRun(ref, [this, ref, request = std::move(request),
                done = std::move(done)](absl::StatusOr<RunPtr> run) mutable {
    if (run.ok()) {
      ExecuteOn(*run, request, std::move(done));
    } else if (absl::IsDataLoss(run.status()) && std::holds_alternative<workflow::Terminate>(request)) {
      TerminateUnfoldable(ref, std::move(request), std::move(done));
    } else {
      std::move(done)(run.status());
    }
  });
}

void HistoryHost::ExecuteOn(const RunPtr& run, const workflow::Request& request,
                            Callback<workflow::Reply> done) {
  if (absl::Status serving = Serving(); !serving.ok()) {
    std::move(done)(serving);
    return;
  }
  Answer(run, Step(run, request), std::move(done));
}

void HistoryHost::Start(const Uuid& namespace_id, workflow::api::StartWorkflowExecutionRequest request,
                        Callback<workflow::StartReply> done) {
  if (absl::Status serving = Serving(); !serving.ok()) {
    std::move(done)(serving);
    return;
  }
  const persistence::WorkflowKey key{ShardOf(namespace_id, request.workflow_id()), namespace_id,
                                     request.workflow_id()};
  workflow::StartRequest start{std::move(request), Uuid::Mint(world_.executor.random())};
  WithCurrentRun(key, [this, key, namespace_id, start = std::move(start),
                       done = std::move(done)](absl::StatusOr<RunPtr> current) mutable {
    if (absl::IsDataLoss(current.status())) {
      StartOverUnfoldable(key, std::move(start), std::move(done));
    } else if (!current.ok()) {
      std::move(done)(current.status());
    } else if (absl::Status serving = Serving(); !serving.ok()) {
      std::move(done)(serving);
    } else {
      StartOn(*current, namespace_id, start, std::move(done));
    }
  });
}

void HistoryHost::StartOn(const RunPtr& current, const Uuid& namespace_id,
                          const workflow::StartRequest& request, Callback<workflow::StartReply> done) {
  auto finish = [done = std::move(done)](absl::StatusOr<workflow::Reply> reply) mutable {
    if (!reply.ok()) {
      std::move(done)(reply.status());
      return;
    }
    auto* start = std::get_if<workflow::StartReply>(&*reply);
    PERDURE_CHECK(start != nullptr, "a start is answered by a StartReply");
    std::move(done)(std::move(*start));
  };
  const engine::NamespaceSettings* settings = SettingsOf(namespace_id);
  if (settings == nullptr) {
    finish(NamespaceNotFound(namespace_id.ToString()));
    return;
  }
  const workflow::State* state = current == nullptr ? nullptr : &current->state;
  const RunMetrics::Before before{
      .open = state != nullptr && state->IsOpen(), .activity = {}, .activities = {}};
  workflow::StartDecision decision = workflow::DecideStart(state, request, ContextFor(state, *settings));
  if (decision.current.has_value()) {
    current->state = std::move(decision.current->state);
    metrics_.CountTransitions(settings->name, current->state, decision.current->records.size());
    if (!decision.current->records.empty()) Record(current, std::move(decision.current->records));
    metrics_.Count(settings->name, before, workflow::FireTimers{}, true, current->state);
  }
  if (!decision.state.has_value()) {
    if (current == nullptr) {
      finish(decision.reply.status());
    } else {
      Answer(current, std::move(decision.reply), std::move(finish));
    }
    return;
  }
  const RunPtr run = AdmitNew(*std::move(decision.state));
  metrics_.OnRun(settings->name, run->state);
  metrics_.CountTransitions(settings->name, run->state, decision.records.size());
  Record(run, std::move(decision.records));
  if (current != nullptr) {
    current->loses_id = true;
    current->current = false;
    batcher_.Add(current, 1, 0);
    batcher_.Join(run, current);
  }
  cache_.SetCurrent(run);
  Answer(run, std::move(decision.reply), std::move(finish));
}

void HistoryHost::OnRing(const persistence::RunKey& key) {
  const RunPtr run = cache_.Find(key);
  if (run == nullptr || phase_ != Phase::kServing) return;
  if (!keeper_.Ring(*run)) return;
  const absl::Time now = world_.executor.Now();
  if (!run->state.IsOpen()) {
    if (run->delete_at && *run->delete_at <= now) Retire(run);
    return;
  }
  const bool was_durable = run->Durable();
  const absl::StatusOr<workflow::Reply> fired = Step(run, workflow::FireTimers{});
  if (was_durable && run->Durable() && run->next_timer && *run->next_timer <= now) {
    spdlog::error("{}", AboutRun("a timer fired without effect", world_.namespaces, key, run->state,
                                 fired.ok() ? "nothing was due" : StdView(fired.status().message())));
    run->timers_not_before = now + kIdleTimerBackoff;
    RefreshObligations(*run);
  }
}

}  // namespace perdure::server
