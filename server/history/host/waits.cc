#include "server/history/host/waits.h"

#include <utility>

#include "base/status.h"
#include "server/history/batcher.h"
#include "server/history/host/life.h"
#include "server/history/host/residents.h"
#include "server/history/host/steps.h"
#include "server/history/host_metrics.h"
#include "server/history/run_cache.h"

namespace perdure::server {

using persistence::RunKey;

HostWaits::HostWaits(const HostParts& parts)
    : parts_(parts),
      waiters_(parts.world.executor, parts.metrics.event_waiters(),
               [this](const RunKey& key, EventWaiters::Answer done) { OnOver(key, std::move(done)); }) {}

void HostWaits::OnLanded(const RunPtr& run, const SealedWrite& sealed) {
  for (EventWaiters::Answer& done : waiters_.TakeReady(run->key, sealed.open, sealed.progress)) {
    AnswerPosition(run, std::move(done));
  }
}

void HostWaits::Stop() {
  for (EventWaiters::Waiting& waiting : waiters_.TakeAll()) OnOver(waiting.run, std::move(waiting.done));
}

void HostWaits::Abandon(const absl::Status& status) {
  for (EventWaiters::Waiting& waiting : waiters_.TakeAll()) std::move(waiting.done)(status);
}

void HostWaits::Add(uint64_t id, const EntityRef& ref, int64_t from_event_id, absl::Duration max_wait,
                    Callback<RunPosition> done) {
  waiters_.Expect(id);
  parts_.residents.WithRun(
      ref, [this, id, from_event_id, max_wait, done = std::move(done)](absl::StatusOr<RunPtr> run) mutable {
        if (!waiters_.StillWanted(id)) run = absl::CancelledError("the wait for events was called off");
        if (!run.ok()) {
          std::move(done)(run.status());
          return;
        }
        const bool there = !(*run)->IsOpen() || from_event_id < (*run)->entity->progress();
        if (there || max_wait <= absl::ZeroDuration()) {
          AnswerPosition(*run, std::move(done));
        } else {
          waiters_.Add(id, (*run)->key, from_event_id, max_wait, std::move(done));
        }
      });
}

void HostWaits::AnswerPosition(const RunPtr& run, Callback<RunPosition> done) {
  absl::Status serving = parts_.life.Serving();
  if (serving.ok() && run->lost) serving = LostRun();
  if (!serving.ok()) {
    std::move(done)(serving);
    return;
  }
  (void)parts_.steps.Harden(run);
  const engine::Entity& entity = *run->entity;
  RunPosition position{run->key.run_id, entity.IsOpen(), entity.progress(), entity.VolatileEvents()};
  Batcher::WhenDurable(
      *run, [position = std::move(position), done = std::move(done)](const absl::Status& durable) mutable {
        if (durable.ok()) {
          std::move(done)(std::move(position));
        } else {
          std::move(done)(durable);
        }
      });
}

void HostWaits::OnOver(const RunKey& key, Callback<RunPosition> done) {
  if (const RunPtr run = parts_.cache.Find(key); run != nullptr) {
    AnswerPosition(run, std::move(done));
    return;
  }
  if (absl::Status serving = parts_.life.Serving(); !serving.ok()) {
    std::move(done)(serving);
    return;
  }
  parts_.residents.Load(key, RunLoader::Urgency::kCall,
                        [this, done = std::move(done)](absl::StatusOr<RunPtr> run) mutable {
                          if (!run.ok()) {
                            std::move(done)(run.status());
                          } else if (*run == nullptr) {
                            std::move(done)(NotFound("the execution was removed by retention"));
                          } else {
                            AnswerPosition(*run, std::move(done));
                          }
                        });
}

}  // namespace perdure::server
