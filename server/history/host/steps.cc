#include "server/history/host/steps.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/text.h"
#include "server/history/batcher.h"
#include "server/history/host/duties.h"
#include "server/history/host/life.h"
#include "server/history/host/residents.h"
#include "server/history/host/retirement.h"
#include "server/history/host/settings.h"
#include "server/history/host/waits.h"
#include "server/history/run_cache.h"
#include "server/history/run_log.h"
#include "spdlog/spdlog.h"

namespace perdure::server {

namespace {

// A timer that fires and changes nothing is a mistake of the rules; it must not become a busy loop.
constexpr absl::Duration kIdleTimerBackoff = absl::Seconds(1);

}  // namespace

HostSteps::HostSteps(const HostParts& parts) : parts_(parts) {
  for (const EntityKind& line : parts.world.kinds.lines()) {
    observers_.push_back(line.observe(parts.world.metrics));
  }
}

StepObserver& HostSteps::ObserverOf(const engine::Entity& entity) {
  const std::vector<EntityKind>& lines = parts_.world.kinds.lines();
  const auto line = std::find_if(lines.begin(), lines.end(), [&](const EntityKind& one) {
    return one.kind->number() == entity.kind().number();
  });
  PERDURE_CHECK(line != lines.end(), "an entity in memory is of a known kind");
  return *observers_[static_cast<size_t>(line - lines.begin())];
}

HostSteps::Stepped HostSteps::Step(const RunPtr& run, const engine::Request* request, Decider decide) {
  if (run->lost) return {LostRun(), nullptr};
  engine::Entity& entity = *run->entity;
  const engine::NamespaceSettings& settings = parts_.settings.For(entity);
  run->use.step = NewStep();
  engine::Context context = parts_.settings.ContextFor(&entity, settings);
  context.waiters = parts_.waits.Of(run->key);
  engine::Decision decision = decide(entity, context);
  const bool ok = decision.reply.ok();
  if (ok && request != nullptr) {
    if (const auto name = request->Dispatched()) ObligationsKeeper::Started(*run, *name);
  }
  ObserverOf(entity).OnStep(settings.name, entity, decision.records, decision.happenings.get());
  if (decision.row_changed) run->next_write.execution_row = true;
  if (!decision.records.empty()) {
    Record(run, std::move(decision.records));
  } else if (ok) {
    parts_.duties.Refresh(*run);  // what is volatile changes them without a record
  }
  Stepped stepped{std::move(decision.reply), nullptr};
  if (decision.next.has_value()) stepped.next = Follow(run, *std::move(decision.next), settings);
  if (!decision.answers.empty()) parts_.waits.Give(run, std::move(decision.answers));
  return stepped;
}

HostSteps::Stepped HostSteps::StepRequest(const RunPtr& run, const engine::Request& request, uint64_t token) {
  return Step(run, &request, [&](engine::Entity& entity, const engine::Context& context) {
    if (token == 0) return entity.Decide(request, context);
    engine::Context may_wait = context;
    may_wait.token = token;
    return entity.Decide(request, may_wait);
  });
}

absl::Status HostSteps::Harden(const RunPtr& run) {
  if (!run->entity->HasVolatile()) return absl::OkStatus();
  return Step(run, nullptr,
              [](engine::Entity& entity, const engine::Context& context) { return entity.Harden(context); })
      .reply.status();
}

RunPtr HostSteps::Follow(const RunPtr& before, engine::NextEntity next,
                         const engine::NamespaceSettings& settings, const engine::Entity* staged) {
  const RunPtr run = parts_.residents.AdmitNew(std::move(next.entity));
  if (staged != nullptr) {
    run->durable.sequence = staged->log().last_sequence;
    run->durable.next_event_id = staged->log().next_event_id;
    if (parts_.options.check_fold) run->folded = staged->Clone();
  }
  run->use.step = NewStep();
  StepObserver& observer = ObserverOf(*run->entity);
  observer.OnEntity(settings.name, *run->entity);
  observer.OnStep(settings.name, *run->entity, next.records, next.happenings.get());
  Record(run, std::move(next.records));
  if (before != nullptr) {
    before->next_write.loses_id = true;
    RunCache::LoseId(*before);
    parts_.batcher.Add(before, 1, 0);
    parts_.batcher.Join(run, before);
  }
  parts_.cache.SetCurrent(run);
  return run;
}

void HostSteps::Record(const RunPtr& run, std::vector<engine::Record> records) {
  if (parts_.options.check_fold) CheckFold(*run, records);
  size_t bytes = 0;
  for (engine::Record& record : records) {
    const size_t of_record = record.events.size() + record.changes.size();
    bytes += of_record;
    run->log_weight.OnRecord(of_record, record.event_count > 0);
    run->tail.Append({record.sequence, record.first_event_id, record.event_count, std::move(record.events),
                      std::move(record.changes)});
  }
  run->use.touched = true;
  run->leaving.Stay();
  run->use.at = parts_.world.executor.Now();
  parts_.batcher.Add(run, records.size(), bytes);
}

void HostSteps::CheckFold(ResidentRun& run, const std::vector<engine::Record>& records) {
  for (const engine::Record& record : records) {
    const absl::Status applied = run.folded->Apply(record);
    PERDURE_CHECK(applied.ok(), StdView(applied.message()));
  }
  PERDURE_CHECK(run.folded->EncodeSnapshot() == run.entity->EncodeSnapshot(),
                "the fold of a run's records differs from its state");
}

void HostSteps::OnRing(const persistence::RunKey& key) {
  const RunPtr run = parts_.cache.Find(key);
  if (run == nullptr || run->lost || !parts_.life.HasShards()) return;
  if (!parts_.duties.keeper().Ring(*run)) return;
  const absl::Time now = parts_.world.executor.Now();
  if (!run->IsOpen() && run->delete_at && *run->delete_at <= now) {
    parts_.retirement.Retire(run);
    return;
  }
  const bool was_durable = run->Durable();
  const Stepped fired = Step(run, nullptr, [](engine::Entity& entity, const engine::Context& context) {
    return entity.FireTimers(context);
  });
  if (was_durable && run->Durable() && run->owes.next_timer && *run->owes.next_timer <= now) {
    spdlog::error("{}",
                  AboutRun("a timer fired without effect", parts_.world.namespaces, key, *run->entity,
                           fired.reply.ok() ? "nothing was due" : StdView(fired.reply.status().message())));
    HostDuties::HoldTimers(*run, now + kIdleTimerBackoff);
    parts_.duties.Refresh(*run);
  }
}

}  // namespace perdure::server
