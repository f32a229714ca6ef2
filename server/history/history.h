// History as the rest of the server sees it: requests to entities of every kind and reads of them, wherever
// their shards live. Who deals with one kind wraps it in types of that kind (server/workflows). Today's
// implementation (node_history.h) owns every shard, a later one forwards to the owner's node.
//
// Thread safety: every method may be called from any thread. A callback runs on some executor of the server,
// exactly once, never inside the call; it must not block. Guarantees: a callback with a reply, an error reply
// that was derived from state included, runs only after everything that it was derived from is durable
// (DESIGN, section 1). UNAVAILABLE means that the outcome is unknown or the shard is moving: the caller may
// repeat. RESOURCE_EXHAUSTED means that nothing was done.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/ids.h"
#include "engine/entity.h"
#include "perdure/message.pb.h"
#include "server/history/entity_ref.h"
#include "server/history/task_sink.h"

namespace perdure::server {

template <typename T>
using Callback = absl::AnyInvocable<void(absl::StatusOr<T>) &&>;

// Where a run's history stands.
struct RunPosition {
  Uuid run_id;
  bool open = true;
  int64_t next_event_id = 1;
  // Events behind the durable ones that a reader of an open run is shown, framed.
  std::string transient_events;
};

struct EventsQuery {
  EntityRef run;              // with its run id
  int64_t from_event_id = 1;  // inclusive
  int64_t to_event_id = 0;    // exclusive; durable events only
  size_t max_events = 0;      // REQUIRES: > 0
  size_t max_bytes = 0;       // at least one event is answered all the same
  bool reverse = false;       // newest first, beginning with to_event_id - 1
};

struct EventsPage {
  std::string events;  // framed as field 1 of temporal.api.history.v1.History: spliced into replies unparsed
  int64_t count = 0;
  // Where the next page begins (its from_event_id, or in reverse its to_event_id); 0 when this was the last
  // one.
  int64_t next = 0;
};

// The owners of tasks are reached by it, too.
class History : public TaskOwners {
 public:
  virtual void Start(const Uuid& namespace_id, KindNumber kind, std::unique_ptr<engine::StartRequest> request,
                     Callback<engine::ReplyPtr> done) = 0;

  // Entity::Decide. A reply that wants events has their first page filled in.
  virtual void Execute(EntityRef run, engine::RequestPtr request, Callback<engine::ReplyPtr> done) = 0;

  // Entity::Decide of a request whose answer may come with a later step (host/waits.h). Null: nothing has
  // come within max_wait, or until the node stopped; the caller may ask again. Returns an id for CancelWait.
  virtual uint64_t Ask(EntityRef run, engine::RequestPtr request, absl::Duration max_wait,
                       Callback<engine::ReplyPtr> done) = 0;

  // Entity::Read. Hardens what is volatile first, because the caller is about to show it.
  virtual void Read(EntityRef run, engine::RequestPtr request, Callback<engine::ReplyPtr> done) = 0;

  // Answers at once when the run is closed or has an event with id >= from_event_id; otherwise when that
  // becomes true, or after max_wait (zero: at once) with the position as it is. Hardens what
  // is volatile first, because the caller is about to show it. Returns an id for CancelWait.
  virtual uint64_t WaitForEvents(EntityRef run, int64_t from_event_id, absl::Duration max_wait,
                                 Callback<RunPosition> done) = 0;
  // Who waits by that id, of Ask or WaitForEvents, is gone: it is answered CANCELLED soon, unless it was
  // answered before.
  virtual void CancelWait(uint64_t wait) = 0;

  virtual void ReadEvents(EventsQuery query, Callback<EventsPage> done) = 0;

  // Copies of messages to one entity, which are decided in their order (message_arrivals.h).
  virtual void Deliver(perdure::engine::Delivery delivery,
                       Callback<perdure::engine::DeliveryAnswers> done) = 0;
};

}  // namespace perdure::server
