// History on one node that owns every shard: maps each call to the executor of its shard.
//
// Thread safety: History's methods from any thread. Construction, Serve, Stop and destruction from one thread
// that is not an executor's; destroyed after the executors have stopped or dropped their tasks.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/executor.h"
#include "server/history/history.h"
#include "server/history/history_host.h"
#include "server/history/local_messages.h"

namespace perdure::server {

class NodeHistory final : public History {
 public:
  // What all executors' parts work with; outlives the NodeHistory, as do the executors.
  struct World {
    persistence::Store& store;
    const NamespaceRegistry& namespaces;
    const Lease& lease;
    Metrics& metrics;
    const EntityKinds& kinds;
    // Null: deliveries pass as they are. Outlives the NodeHistory.
    MessageCarrier* carrier = nullptr;
  };
  // Executor i is writer `first_writer` + i. REQUIRES: at least one executor.
  NodeHistory(World world, const std::vector<Executor*>& executors, uint32_t first_writer,
              HistoryOptions options);
  ~NodeHistory() override;

  // Takes the shards and begins to serve; `serving` is called on some executor once all executors do.
  void Serve(TaskSink& sink, absl::AnyInvocable<void() &&> serving);
  // Refuses new calls, lets what was decided become durable, then calls `done` on some executor.
  void Stop(absl::AnyInvocable<void() &&> done);
  // Each executor's part is told (HistoryHost::OnLease). Any thread.
  void OnLease();
  // For tests and health: true when every executor serves. Any thread.
  void CheckServing(absl::AnyInvocable<void(bool) &&> done);

  void Start(const Uuid& namespace_id, KindNumber kind, std::unique_ptr<engine::StartRequest> request,
             Callback<engine::ReplyPtr> done) override;
  void Execute(EntityRef run, engine::RequestPtr request, Callback<engine::ReplyPtr> done) override;
  uint64_t Ask(EntityRef run, engine::RequestPtr request, absl::Duration max_wait,
               Callback<engine::ReplyPtr> done) override;
  void Read(EntityRef run, engine::RequestPtr request, Callback<engine::ReplyPtr> done) override;
  uint64_t WaitForEvents(EntityRef run, int64_t from_event_id, absl::Duration max_wait,
                         Callback<RunPosition> done) override;
  void CancelWait(uint64_t wait) override;
  void ReadEvents(EventsQuery query, Callback<EventsPage> done) override;
  void Deliver(perdure::engine::Delivery delivery, Callback<perdure::engine::DeliveryAnswers> done) override;
  // Of writers that are not this node's nothing is done.
  void Declined(Task task) override;
  void HasRoom(OwnerId owner, const QueueKey& queue, size_t room) override;

  HistoryHost& host(size_t executor) { return *hosts_[executor]; }

 private:
  // Of a wait on the executor of that place, which it names.
  uint64_t NewWait(size_t place) {
    return next_wait_.fetch_add(1, std::memory_order_relaxed) * hosts_.size() + place;
  }
  size_t PlaceOf(const Uuid& namespace_id, std::string_view id) const;
  HistoryHost& HostOf(const Uuid& namespace_id, std::string_view id) const;
  // Null when the writer is none of this node's.
  HistoryHost* HostOf(OwnerId owner) const;
  // Posts `call(host, done)` when the executor lets it in; answers RESOURCE_EXHAUSTED otherwise.
  template <typename T, typename Call>
  void Post(HistoryHost& host, Admission::Importance importance, size_t bytes, Callback<T> done, Call call);

  const uint32_t first_writer_;
  const ProcessMessageClock message_clock_;
  std::vector<std::unique_ptr<LocalMessages>> messages_;  // of each executor
  std::vector<std::unique_ptr<HistoryHost>> hosts_;
  std::atomic<uint64_t> next_wait_ = 1;
};

}  // namespace perdure::server
