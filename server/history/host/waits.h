// Long polls for a run's next events (event_waiters.h): who waits is answered when the commit that made it
// true has landed, when its time is over, or UNAVAILABLE when nothing may be believed any more.
//
// Not thread-safe: lives on the host's executor.
#pragma once

#include <cstdint>

#include "server/history/event_waiters.h"
#include "server/history/history.h"
#include "server/history/host/host_parts.h"
#include "server/history/resident_run.h"

namespace perdure::server {

class HostWaits {
 public:
  explicit HostWaits(const HostParts& parts);

  // `id` is used for no other wait.
  void Add(uint64_t id, const EntityRef& ref, int64_t from_event_id, absl::Duration max_wait,
           Callback<RunPosition> done);
  void Cancel(uint64_t id) { waiters_.Cancel(id); }

  // What was sealed of the run is durable.
  void OnLanded(const RunPtr& run, const SealedWrite& sealed);
  // The host stops: everybody is told where things stand.
  void Stop();
  void Abandon(const absl::Status& status);

 private:
  void AnswerPosition(const RunPtr& run, Callback<RunPosition> done);
  void OnOver(const persistence::RunKey& key, Callback<RunPosition> done);

  const HostParts& parts_;
  EventWaiters waiters_;
};

}  // namespace perdure::server
