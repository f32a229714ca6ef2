// Decisions on entities: what Decide says is recorded, joins the gathering commit, and is answered once
// durable.
#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/status.h"
#include "base/text.h"
#include "server/history/execution_row.h"
#include "server/history/history_host.h"
#include "server/history/run_log.h"
#include "spdlog/spdlog.h"

namespace perdure::server {

using Why = StepCause::Why;

namespace {

// A timer that fires and changes nothing is a mistake of the rules; it must not become a busy loop.
constexpr absl::Duration kIdleTimerBackoff = absl::Seconds(1);

}  // namespace

const engine::NamespaceSettings* HistoryHost::SettingsOf(const Uuid& namespace_id) {
  if (namespaces_ != nullptr) {
    const auto known = namespaces_->by_id.find(namespace_id);
    if (known != namespaces_->by_id.end() && namespaces_ == world_.namespaces.Snapshot()) {
      return &known->second->settings;
    }
  }
  const std::shared_ptr<const NamespaceSnapshot> before =
      std::exchange(namespaces_, world_.namespaces.Snapshot());
  const auto found = namespaces_->by_id.find(namespace_id);
  if (found != namespaces_->by_id.end()) return &found->second->settings;
  if (before != nullptr && before->by_id.contains(namespace_id)) {
    removed_namespaces_[namespace_id] =
        std::make_unique<const engine::NamespaceSettings>(before->by_id.at(namespace_id)->settings);
  }
  return nullptr;
}

const engine::NamespaceSettings& HistoryHost::SettingsFor(const engine::Entity& entity) {
  const Uuid& id = entity.namespace_id();
  if (const engine::NamespaceSettings* known = SettingsOf(id); known != nullptr) return *known;
  std::unique_ptr<const engine::NamespaceSettings>& kept = removed_namespaces_[id];
  if (kept == nullptr) {
    engine::NamespaceSettings settings;
    settings.id = id;
    settings.name = id.ToString();
    kept = std::make_unique<const engine::NamespaceSettings>(std::move(settings));
  }
  return *kept;
}

engine::Context HistoryHost::ContextFor(const engine::Entity* entity,
                                        const engine::NamespaceSettings& settings) {
  absl::Time now = world_.executor.Now();
  if (entity != nullptr) now = std::max(now, entity->EarliestNow());
  return {now, world_.executor.random(), settings, &names_, options_.cross_namespace_commands};
}

StepObserver& HistoryHost::ObserverOf(const engine::Entity& entity) {
  const std::vector<EntityKind>& lines = world_.kinds.lines();
  const auto line = std::find_if(lines.begin(), lines.end(), [&](const EntityKind& one) {
    return one.kind->number() == entity.kind().number();
  });
  PERDURE_CHECK(line != lines.end(), "an entity in memory is of a known kind");
  return *observers_[static_cast<size_t>(line - lines.begin())];
}

HistoryHost::Stepped HistoryHost::Step(const RunPtr& run, const StepCause& cause, Decider decide) {
  if (run->lost) return {Unavailable("the store refused what this run had written"), nullptr};
  engine::Entity& entity = *run->entity;
  const engine::NamespaceSettings& settings = SettingsFor(entity);
  StepObserver& observer = ObserverOf(entity);
  observer.Before(entity, cause);
  engine::Decision decision = decide(entity, ContextFor(&entity, settings));
  const bool ok = decision.reply.ok();
  if (ok && cause.request != nullptr) {
    if (const auto name = cause.request->Dispatched()) ObligationsKeeper::Started(*run, *name);
  }
  observer.After(settings.name, entity, cause, ok);
  observer.OnRecords(settings.name, entity, decision.records.size());
  if (decision.row_changed) run->execution_row_due = true;
  if (!decision.records.empty()) {
    Record(run, std::move(decision.records));
  } else if (ok && cause.why != Why::kStart) {
    RefreshObligations(*run);  // what is volatile changes them without a record
  }
  Stepped stepped{std::move(decision.reply), nullptr};
  if (decision.next.has_value()) stepped.next = Follow(run, *std::move(decision.next), settings);
  return stepped;
}

HistoryHost::Stepped HistoryHost::StepRequest(const RunPtr& run, const engine::Request& request) {
  return Step(run, {Why::kRequest, &request}, [&](engine::Entity& entity, const engine::Context& context) {
    return entity.Decide(request, context);
  });
}

absl::Status HistoryHost::Harden(const RunPtr& run) {
  if (!run->entity->HasVolatile()) return absl::OkStatus();
  return Step(run, {Why::kHardening, nullptr},
              [](engine::Entity& entity, const engine::Context& context) { return entity.Harden(context); })
      .reply.status();
}

RunPtr HistoryHost::Follow(const RunPtr& before, engine::NextEntity next,
                           const engine::NamespaceSettings& settings) {
  const RunPtr run = AdmitNew(std::move(next.entity));
  StepObserver& observer = ObserverOf(*run->entity);
  observer.OnEntity(settings.name, *run->entity);
  observer.OnRecords(settings.name, *run->entity, next.records.size());
  Record(run, std::move(next.records));
  if (before != nullptr) {
    before->loses_id = true;
    before->current = false;
    batcher_.Add(before, 1, 0);
    batcher_.Join(run, before);
  }
  cache_.SetCurrent(run);
  return run;
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
  batcher_.Add(run, records.size(), bytes);
}

void HistoryHost::CheckFold(ResidentRun& run, const std::vector<engine::Record>& records) {
  for (const engine::Record& record : records) {
    const absl::Status applied = run.folded->Apply(record);
    PERDURE_CHECK(applied.ok(), StdView(applied.message()));
  }
  PERDURE_CHECK(run.folded->EncodeSnapshot() == run.entity->EncodeSnapshot(),
                "the fold of a run's records differs from its state");
}

void HistoryHost::RefreshObligations(ResidentRun& run) {
  if (run.Durable()) {
    TakeUp(run, run.entity->Owed());
  } else {
    run.obligations_stale = true;
  }
}

void HistoryHost::Execute(const EntityRef& ref, engine::RequestPtr request, Callback<engine::ReplyPtr> done) {
  // The common case first: no closure is built for a run in memory.
  if (const RunPtr run = FindResident(ref); run != nullptr) {
    ExecuteOn(run, *request, std::move(done));
    return;
  }
  WithRun(ref, [this, ref, request = std::move(request),
                done = std::move(done)](absl::StatusOr<RunPtr> run) mutable {
    if (run.ok()) {
      ExecuteOn(*run, *request, std::move(done));
    } else if (absl::IsDataLoss(run.status()) && request->EndsUnfoldable()) {
      EndUnfoldable(ref, std::move(request), std::move(done));
    } else {
      std::move(done)(run.status());
    }
  });
}

void HistoryHost::ExecuteOn(const RunPtr& run, const engine::Request& request,
                            Callback<engine::ReplyPtr> done) {
  if (absl::Status serving = Serving(); !serving.ok()) {
    std::move(done)(serving);
    return;
  }
  Answer(run, StepRequest(run, request).reply, std::move(done));
}

void HistoryHost::Start(const Uuid& namespace_id, KindNumber kind,
                        std::unique_ptr<engine::StartRequest> request, Callback<engine::ReplyPtr> done) {
  absl::Status serving = Serving();
  const absl::StatusOr<const engine::Kind*> rules = KindOf(kind);
  if (serving.ok()) serving = rules.status();
  if (!serving.ok()) {
    std::move(done)(serving);
    return;
  }
  request->run_id = Uuid::Mint(world_.executor.random());
  const persistence::EntityKey key{ShardOf(namespace_id, request->id()), namespace_id, request->id(), kind};
  WithCurrentRun(key, [this, key, &rules = **rules, request = std::move(request),
                       done = std::move(done)](absl::StatusOr<RunPtr> current) mutable {
    if (absl::IsDataLoss(current.status())) {
      StartOverUnfoldable(key, std::move(request), std::move(done));
    } else if (!current.ok()) {
      std::move(done)(current.status());
    } else if (absl::Status still = Serving(); !still.ok()) {
      std::move(done)(still);
    } else {
      StartOn(*current, key.namespace_id, rules, *request, std::move(done));
    }
  });
}

void HistoryHost::StartOn(const RunPtr& current, const Uuid& namespace_id, const engine::Kind& kind,
                          const engine::StartRequest& request, Callback<engine::ReplyPtr> done) {
  const engine::NamespaceSettings* settings = SettingsOf(namespace_id);
  if (settings == nullptr) {
    std::move(done)(NamespaceNotFound(namespace_id.ToString()));
    return;
  }
  if (current != nullptr) {
    Stepped stepped =
        Step(current, {Why::kStart, nullptr}, [&](engine::Entity& entity, const engine::Context& context) {
          return kind.Start(&entity, request, context);
        });
    Answer(stepped.next == nullptr ? current : stepped.next, std::move(stepped.reply), std::move(done));
    return;
  }
  engine::Decision decision = kind.Start(nullptr, request, ContextFor(nullptr, *settings));
  if (!decision.next.has_value()) {
    std::move(done)(std::move(decision.reply));
    return;
  }
  const RunPtr run = Follow(nullptr, *std::move(decision.next), *settings);
  Answer(run, std::move(decision.reply), std::move(done));
}

void HistoryHost::OnRing(const persistence::RunKey& key) {
  const RunPtr run = cache_.Find(key);
  if (run == nullptr || run->lost || phase_ != Phase::kServing) return;
  if (!keeper_.Ring(*run)) return;
  const absl::Time now = world_.executor.Now();
  if (!run->IsOpen() && run->delete_at && *run->delete_at <= now) {
    Retire(run);
    return;
  }
  const bool was_durable = run->Durable();
  const Stepped fired =
      Step(run, {Why::kTimers, nullptr},
           [](engine::Entity& entity, const engine::Context& context) { return entity.FireTimers(context); });
  if (was_durable && run->Durable() && run->next_timer && *run->next_timer <= now) {
    spdlog::error("{}",
                  AboutRun("a timer fired without effect", world_.namespaces, key, *run->entity,
                           fired.reply.ok() ? "nothing was due" : StdView(fired.reply.status().message())));
    run->timers_not_before = now + kIdleTimerBackoff;
    RefreshObligations(*run);
  }
}

void HistoryHost::TakeUp(ResidentRun& run, engine::Obligations obligations) {
  const bool owes = !obligations.messages.empty();
  if (std::exchange(run.owes_messages, owes) || owes) {
    outbox_.Take(run.key, run.namespace_id(), obligations.messages);
  }
  keeper_.Take(run, std::move(obligations));
}

void HistoryHost::PutDown(ResidentRun& run) {
  keeper_.Forget(run);
  if (run.owes_messages) outbox_.Forget(run.key);
  ForgetQuiet(run);
}

std::optional<absl::Time> HistoryHost::NextOf(const ResidentRun& run) const {
  std::optional<absl::Time> next = ObligationsKeeper::Next(run);
  if (!run.owes_messages) return next;
  const std::optional<absl::Time> attempt = outbox_.NextAttempt(run.key);
  if (attempt && (!next || *attempt < *next)) next = attempt;
  return next;
}

}  // namespace perdure::server
