#include "server/calls/remote_history.h"

#include <utility>

#include "base/check.h"
#include "base/time.h"
#include "server/calls/answers.h"
#include "server/calls/call_values.h"

namespace perdure::server {
namespace {

using calls::HistoryAnswer;
using calls::HistoryCall;

absl::StatusOr<engine::ReplyPtr> ReplyIn(const HistoryAnswer& answer, const engine::CallWire& wire) {
  absl::StatusOr<engine::ReplyPtr> reply = wire.DecodeReply(answer.reply());
  if (!reply.ok()) reply = UnreadableAnswer();
  return reply;
}

Callback<std::string> ReadReply(const engine::CallWire& wire, Callback<engine::ReplyPtr> done) {
  return ReadBy<HistoryAnswer, engine::ReplyPtr>(
      std::move(done), [&wire](const HistoryAnswer& answer) { return ReplyIn(answer, wire); });
}

// Without a reply nothing has come.
Callback<std::string> ReadReplyIfAny(const engine::CallWire& wire, Callback<engine::ReplyPtr> done) {
  return ReadBy<HistoryAnswer, engine::ReplyPtr>(std::move(done), [&wire](const HistoryAnswer& answer) {
    const bool none = answer.answer_case() == HistoryAnswer::ANSWER_NOT_SET;
    return none ? absl::StatusOr<engine::ReplyPtr>(engine::ReplyPtr()) : ReplyIn(answer, wire);
  });
}

}  // namespace

RemoteHistory::RemoteHistory(Executor& executor, CallCarrier& carrier, const EntityKinds& kinds)
    : carrier_(carrier), kinds_(kinds), told_(executor, carrier, [](calls::Told batch) {
        HistoryCall call;
        *call.mutable_told() = std::move(batch);
        return call.SerializeAsString();
      }) {}

const engine::CallWire& RemoteHistory::WireOf(KindNumber kind) const {
  const engine::CallWire* const wire = kinds_.WireOf(kind);
  PERDURE_CHECK(wire != nullptr, "entities of a kind without a wire form are asked for nothing");
  return *wire;
}

calls::AskEntity RemoteHistory::WireOfAsk(const EntityRef& run, const engine::Request& request) const {
  calls::AskEntity ask;
  *ask.mutable_run() = ToWire(run);
  ask.set_request(WireOf(run.kind).EncodeRequest(request));
  return ask;
}

void RemoteHistory::Start(const Uuid& namespace_id, KindNumber kind,
                          std::unique_ptr<engine::StartRequest> request, Callback<engine::ReplyPtr> done) {
  const engine::CallWire& wire = WireOf(kind);
  HistoryCall call;
  call.mutable_start()->set_namespace_id(std::string(namespace_id.View()));
  call.mutable_start()->set_kind(kind);
  call.mutable_start()->set_request(wire.EncodeStart(*request));
  carrier_.Carry(call.SerializeAsString(), ReadReply(wire, std::move(done)));
}

void RemoteHistory::Execute(EntityRef run, engine::RequestPtr request, Callback<engine::ReplyPtr> done) {
  HistoryCall call;
  *call.mutable_execute() = WireOfAsk(run, *request);
  carrier_.Carry(call.SerializeAsString(), ReadReply(WireOf(run.kind), std::move(done)));
}

uint64_t RemoteHistory::Ask(EntityRef run, engine::RequestPtr request, absl::Duration max_wait,
                            Callback<engine::ReplyPtr> done) {
  const uint64_t id = next_wait_.fetch_add(1, std::memory_order_relaxed);
  HistoryCall call;
  call.mutable_ask()->set_wait(id);
  *call.mutable_ask()->mutable_ask() = WireOfAsk(run, *request);
  *call.mutable_ask()->mutable_max_wait() = ToProto(max_wait);
  carrier_.Carry(call.SerializeAsString(), ReadReplyIfAny(WireOf(run.kind), std::move(done)));
  return id;
}

void RemoteHistory::Read(EntityRef run, engine::RequestPtr request, Callback<engine::ReplyPtr> done) {
  HistoryCall call;
  *call.mutable_read() = WireOfAsk(run, *request);
  carrier_.Carry(call.SerializeAsString(), ReadReply(WireOf(run.kind), std::move(done)));
}

uint64_t RemoteHistory::WaitForEvents(EntityRef run, int64_t from_event_id, absl::Duration max_wait,
                                      Callback<RunPosition> done) {
  const uint64_t id = next_wait_.fetch_add(1, std::memory_order_relaxed);
  HistoryCall call;
  calls::WaitForEvents& wait = *call.mutable_wait_for_events();
  wait.set_wait(id);
  *wait.mutable_run() = ToWire(run);
  wait.set_from_event_id(from_event_id);
  *wait.mutable_max_wait() = ToProto(max_wait);
  carrier_.Carry(call.SerializeAsString(),
                 ReadBy<HistoryAnswer, RunPosition>(std::move(done), [](HistoryAnswer& answer) {
                   absl::StatusOr<RunPosition> position = FromWire(std::move(*answer.mutable_position()));
                   if (!position.ok()) position = UnreadableAnswer();
                   return position;
                 }));
  return id;
}

void RemoteHistory::CancelWait(uint64_t wait) {
  HistoryCall call;
  call.set_cancel_wait(wait);
  told_.Tell(call.SerializeAsString());
}

void RemoteHistory::ReadEvents(EventsQuery query, Callback<EventsPage> done) {
  HistoryCall call;
  *call.mutable_read_events() = ToWire(query);
  carrier_.Carry(call.SerializeAsString(),
                 ReadBy<HistoryAnswer, EventsPage>(std::move(done), [](HistoryAnswer& answer) {
                   return FromWire(std::move(*answer.mutable_page()));
                 }));
}

void RemoteHistory::Deliver(perdure::engine::Delivery delivery,
                            Callback<perdure::engine::DeliveryAnswers> done) {
  HistoryCall call;
  *call.mutable_deliver() = std::move(delivery);
  carrier_.Carry(call.SerializeAsString(), ReadBy<HistoryAnswer, perdure::engine::DeliveryAnswers>(
                                               std::move(done), [](HistoryAnswer& answer) {
                                                 return std::move(*answer.mutable_delivered());
                                               }));
}

void RemoteHistory::Declined(Task task) {
  HistoryCall call;
  *call.mutable_declined() = ToWire(task);
  told_.Tell(call.SerializeAsString());
}

void RemoteHistory::HasRoom(OwnerId owner, const QueueKey& queue, size_t room) {
  HistoryCall call;
  call.mutable_has_room()->set_owner(owner.writer);
  *call.mutable_has_room()->mutable_queue() = ToWire(queue);
  call.mutable_has_room()->set_tasks(room);
  told_.Tell(call.SerializeAsString());
}

}  // namespace perdure::server
