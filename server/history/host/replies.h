// HostReplies wait for what they were derived from, and get their history; reads of events.
//
// Not thread-safe: lives on the host's executor. Keeps nothing: what waits stands in commit groups.
#pragma once

#include <vector>

#include "engine/entity.h"
#include "persistence/store.h"
#include "server/history/event_frames.h"
#include "server/history/history.h"
#include "server/history/host/host_parts.h"
#include "server/history/resident_run.h"

namespace perdure::server {

class HostReplies {
 public:
  explicit HostReplies(const HostParts& parts) : parts_(parts) {}

  // Gives `reply`, which was derived from the run's newest state, once that is durable.
  void Answer(const RunPtr& run, absl::StatusOr<engine::ReplyPtr> reply, Callback<engine::ReplyPtr> done);
  // Entity::Read, with what is volatile hardened first: what a client is shown must not be undone by a crash.
  void Read(const EntityRef& ref, engine::RequestPtr request, Callback<engine::ReplyPtr> done);
  void ReadEvents(const EventsQuery& query, Callback<EventsPage> done);

 private:
  // True when the first page of `wanted` is in place; false when the store must be read for it.
  bool FillFromMemory(const RunPtr& run, const engine::EventRange& wanted, engine::Reply& reply);
  void AnswerFromStore(const RunPtr& run, engine::ReplyPtr reply, Callback<engine::ReplyPtr> done);
  void ReadPage(const persistence::RunKey& key, EventPageBuilder page, Callback<EventsPage> done);
  void OnPageRead(const persistence::RunKey& key, EventPageBuilder page, Callback<EventsPage> done,
                  absl::StatusOr<std::vector<persistence::HistoryRow>> rows);

  const HostParts& parts_;
};

}  // namespace perdure::server
