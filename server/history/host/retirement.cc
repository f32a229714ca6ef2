#include "server/history/host/retirement.h"

#include <utility>

#include "base/limits.h"
#include "base/log_fields.h"
#include "base/text.h"
#include "server/history/host/duties.h"
#include "server/history/host/life.h"
#include "server/history/run_cache.h"
#include "server/history/wake_horizon.h"
#include "spdlog/spdlog.h"

namespace perdure::server {

namespace {

// After the store refused to remove a run.
constexpr absl::Duration kRemovalRetry = absl::Minutes(5);

}  // namespace

void Retirement::Retire(const RunPtr& run) {
  if (!run->Durable()) {
    Batcher::WhenDurable(*run, [this, key = run->key](const absl::Status& durable) {
      const RunPtr still = durable.ok() ? parts_.cache.Find(key) : nullptr;
      if (still != nullptr) Retire(still);
    });
    return;
  }
  parts_.duties.PutDown(*run);
  parts_.cache.Remove(run);
  persistence::StoredRun due;
  due.key = run->key;
  due.found = persistence::StoredRun::Found::kDue;
  const engine::LogPosition log = run->entity->log();
  due.size = {log.next_event_id - 1, log.last_sequence, log.event_bytes};
  Remove(due, run->wakes.known, {});
}

void Retirement::RemoveStored(const persistence::StoredRun& stored, std::vector<RunLoader::Loaded> calls,
                              std::vector<RunLoader::Loaded> wakes) {
  if (!parts_.life.HasShards()) {  // what is read while the host stops changes nothing any more
    for (RunLoader::Loaded& call : calls) std::move(call)(parts_.life.Serving());
    return;
  }
  KnownWakes known;
  for (const absl::Time at : parts_.horizon.Take(stored.key)) known.Suspect(at);
  // While very many are waiting already, the wake counts as one that is being loaded: no more are taken up.
  if (retention_.removals() >= limits::kRemovalsWaiting) {
    for (RunLoader::Loaded& wake : std::exchange(wakes, {})) calls.push_back(std::move(wake));
  }
  Remove(stored, std::move(known), std::move(calls));
  for (RunLoader::Loaded& wake : wakes) std::move(wake)(RunPtr());
}

void Retirement::Remove(const persistence::StoredRun& stored, KnownWakes wakes,
                        std::vector<RunLoader::Loaded> waiting) {
  const persistence::RunKey key = stored.key;
  retention_.Remove(
      key, stored.size, std::move(wakes),
      [this, key, waiting = std::move(waiting)](const absl::Status& gone) mutable {
        if (!gone.ok() && parts_.life.HasShards()) {
          spdlog::error("{}",
                        WithFields("the store refuses to remove a run",
                                   {{"run_id", key.run_id.ToString()}, {"error", StdView(gone.message())}}));
          parts_.world.executor.RunAfter(kRemovalRetry, [this, key] {
            if (parts_.life.HasShards()) parts_.horizon.Need(key);
          });
        }
        const absl::StatusOr<RunPtr> none =
            gone.ok() ? absl::StatusOr<RunPtr>(RunPtr()) : absl::UnavailableError("the run is being removed");
        for (RunLoader::Loaded& done : waiting) std::move(done)(none);
      });
}

}  // namespace perdure::server
