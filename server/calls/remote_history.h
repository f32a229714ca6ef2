// History whose calls pass as bytes, to a HistoryService somewhere.
//
// Thread safety, guarantees and errors as class History; callbacks run where the carrier calls them. Its
// carrier, executor and kinds outlive it and the calls that it made.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "base/executor.h"
#include "server/calls/call_carrier.h"
#include "server/calls/told_calls.h"
#include "server/history/entity_kinds.h"
#include "server/history/history.h"

namespace perdure::server {

class RemoteHistory final : public History {
 public:
  RemoteHistory(Executor& executor, CallCarrier& carrier, const EntityKinds& kinds);

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
  void Declined(Task task) override;
  void HasRoom(OwnerId owner, const QueueKey& queue, size_t room) override;

 private:
  const engine::CallWire& WireOf(KindNumber kind) const;
  calls::AskEntity WireOfAsk(const EntityRef& run, const engine::Request& request) const;

  CallCarrier& carrier_;
  const EntityKinds& kinds_;
  ToldCalls told_;
  std::atomic<uint64_t> next_wait_ = 1;
};

}  // namespace perdure::server
