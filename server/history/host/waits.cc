#include "server/history/host/waits.h"

#include <utility>

#include "base/status.h"
#include "server/history/batcher.h"
#include "server/history/host/life.h"
#include "server/history/host/replies.h"
#include "server/history/host/residents.h"
#include "server/history/host/steps.h"
#include "server/history/host_metrics.h"
#include "server/history/run_cache.h"

namespace perdure::server {

using persistence::RunKey;

namespace {

// `said`: by the entity. What the store refuses of a step is no fault of who has waited for it.
CallWaiters::Answer Blameless(absl::Status said, CallWaiters::Answer done) {
  return [said = std::move(said), done = std::move(done)](absl::StatusOr<engine::ReplyPtr> given) mutable {
    const bool blamed = absl::IsInvalidArgument(given.status()) && given.status() != said;
    std::move(done)(blamed ? absl::StatusOr<engine::ReplyPtr>(LostRun()) : std::move(given));
  };
}

}  // namespace

HostWaits::HostWaits(const HostParts& parts)
    : parts_(parts),
      waiters_(parts.world.executor, parts.metrics.event_waiters(),
               [this](const RunKey& key, EventWaiters::Answer done) { OnOver(key, std::move(done)); }),
      callers_(parts.world.executor, parts.metrics.call_waiters()) {}

void HostWaits::Ask(uint64_t id, const EntityRef& ref, engine::RequestPtr request, absl::Duration max_wait,
                    Admission::Ticket ticket, Callback<engine::ReplyPtr> done) {
  expected_.insert(id);
  parts_.residents.WithRun(ref, [this, id, request = std::move(request), max_wait, ticket = std::move(ticket),
                                 done = std::move(done)](absl::StatusOr<RunPtr> run) mutable {
    if (!StillWanted(id)) run = absl::CancelledError("the call was called off");
    if (run.ok()) {
      Decide(id, *run, std::move(request), max_wait, std::move(ticket), std::move(done));
    } else {
      std::move(done)(run.status());
    }
  });
}

void HostWaits::Decide(uint64_t id, const RunPtr& run, engine::RequestPtr request, absl::Duration max_wait,
                       Admission::Ticket ticket, Callback<engine::ReplyPtr> done) {
  if (absl::Status room = callers_.Room(run->key); !room.ok()) return std::move(done)(room);
  HostSteps::Stepped stepped = parts_.steps.StepRequest(run, *request, id);
  if (stepped.reply.ok() && *stepped.reply == nullptr) {
    if (max_wait <= absl::ZeroDuration()) return std::move(done)(engine::ReplyPtr());
    callers_.Add(id, run->key, std::move(request), max_wait, std::move(done));
    return;
  }
  parts_.replies.Answer(
      run, std::move(stepped.reply),
      [ticket = std::move(ticket), done = std::move(done)](absl::StatusOr<engine::ReplyPtr> reply) mutable {
        std::move(done)(std::move(reply));
      });
}

void HostWaits::Give(const RunPtr& run, std::vector<engine::WaiterAnswer> answers) {
  for (engine::WaiterAnswer& answer : answers) {
    if (CallWaiters::Answer done = callers_.Take(answer.token)) {
      absl::Status said = answer.reply.status();
      parts_.replies.Answer(run, std::move(answer.reply), Blameless(std::move(said), std::move(done)));
    }
  }
}

void HostWaits::OnLost(const ResidentRun& run) {
  for (CallWaiters::Answer& done : callers_.TakeAll(run.key)) std::move(done)(LostRun());
}

void HostWaits::Cancel(uint64_t id) {
  expected_.erase(id);
  waiters_.Cancel(id);
  if (CallWaiters::Answer done = callers_.Take(id)) {
    std::move(done)(absl::CancelledError("the call was called off"));
  }
}

void HostWaits::OnLanded(const RunPtr& run, const SealedWrite& sealed) {
  for (EventWaiters::Answer& done : waiters_.TakeReady(run->key, sealed.open, sealed.next_event_id)) {
    AnswerPosition(run, std::move(done));
  }
}

void HostWaits::Stop() {
  for (EventWaiters::Waiting& waiting : waiters_.TakeAll()) OnOver(waiting.run, std::move(waiting.done));
  for (CallWaiters::Answer& done : callers_.TakeAll()) std::move(done)(engine::ReplyPtr());
}

void HostWaits::Abandon(const absl::Status& status) {
  for (EventWaiters::Waiting& waiting : waiters_.TakeAll()) std::move(waiting.done)(status);
  for (CallWaiters::Answer& done : callers_.TakeAll()) std::move(done)(status);
}

void HostWaits::Add(uint64_t id, const EntityRef& ref, int64_t from_event_id, absl::Duration max_wait,
                    Callback<RunPosition> done) {
  expected_.insert(id);
  parts_.residents.WithRun(
      ref, [this, id, from_event_id, max_wait, done = std::move(done)](absl::StatusOr<RunPtr> run) mutable {
        if (!StillWanted(id)) run = absl::CancelledError("the wait for events was called off");
        if (!run.ok()) {
          std::move(done)(run.status());
          return;
        }
        const bool there = !(*run)->IsOpen() || from_event_id < (*run)->entity->log().next_event_id;
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
  RunPosition position{run->key.run_id, entity.IsOpen(), entity.log().next_event_id, entity.VolatileEvents()};
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
