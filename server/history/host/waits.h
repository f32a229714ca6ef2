// Who waits: callers that an entity answers with a later step, and long polls for a run's next events
// (event_waiters.h).
//
// A caller asks (Ask), and the entity decides on that as on any request, with a token in Context::token. A
// null reply says that the caller waits by it. Each later step of the entity sees token and request of
// whoever waits (Context::waiters) and may answer any of them (Decision::answers), which they get when that
// step's commit has landed. Nothing of it is stored: who waits when the state is dropped (a lost lease, an
// unknown outcome, a refused commit) is answered UNAVAILABLE; who waits when its time is over, or when the
// host stops, gets null, which says that nothing has come yet. The entity hears of neither, nor of who gives
// up.
//
// Long polls on activities wait so, and who asks for an update of a workflow: its request is admitted into
// the volatile state, and the completion that accepts or rejects it, or has its result, answers all waiters
// of its update id whose requests wait for that stage. A query that must see a pending workflow task goes
// with that to its worker, whose answer names it; what names one that waits no more is passed over
// (engine/workflow/queries/).
//
// Not thread-safe: lives on the host's executor. Errors: RESOURCE_EXHAUSTED before anything is decided where
// too many wait already (base/limits.h); CANCELLED to who was called off.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/types/span.h"
#include "engine/entity.h"
#include "server/history/admission.h"
#include "server/history/call_waiters.h"
#include "server/history/event_waiters.h"
#include "server/history/history.h"
#include "server/history/host/host_parts.h"
#include "server/history/resident_run.h"

namespace perdure::server {

class HostWaits {
 public:
  explicit HostWaits(const HostParts& parts);

  // `id` is used for no other wait, and is the caller's token. `ticket`: its place among calls, until it is
  // answered or waits.
  void Ask(uint64_t id, const EntityRef& ref, engine::RequestPtr request, absl::Duration max_wait,
           Admission::Ticket ticket, Callback<engine::ReplyPtr> done);
  // For events. `id` as above.
  void Add(uint64_t id, const EntityRef& ref, int64_t from_event_id, absl::Duration max_wait,
           Callback<RunPosition> done);
  // Who waits or has asked to is answered CANCELLED. Nothing happens when it was answered before.
  void Cancel(uint64_t id);

  // Good until the next call.
  absl::Span<const engine::Waiter> Of(const persistence::RunKey& run) const { return callers_.Of(run); }
  // What a step of the run says to who waits for it. A token that nobody waits by is passed over.
  void Give(const RunPtr& run, std::vector<engine::WaiterAnswer> answers);

  // What was sealed of the run is durable.
  void OnLanded(const RunPtr& run, const SealedWrite& sealed);
  // The run's newest state is gone, and with it what callers had waited for.
  void OnLost(const ResidentRun& run);
  // The host stops: everybody is told where things stand.
  void Stop();
  void Abandon(const absl::Status& status);

 private:
  void Decide(uint64_t id, const RunPtr& run, engine::RequestPtr request, absl::Duration max_wait,
              Admission::Ticket ticket, Callback<engine::ReplyPtr> done);
  // Ends what began with a call for `id`: false when that was called off meanwhile.
  bool StillWanted(uint64_t id) { return expected_.erase(id) != 0; }
  void AnswerPosition(const RunPtr& run, Callback<RunPosition> done);
  void OnOver(const persistence::RunKey& key, Callback<RunPosition> done);

  const HostParts& parts_;
  absl::flat_hash_set<uint64_t> expected_;  // whose runs are being found
  EventWaiters waiters_;
  CallWaiters callers_;
};

}  // namespace perdure::server
