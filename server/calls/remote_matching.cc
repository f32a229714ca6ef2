#include "server/calls/remote_matching.h"

#include <utility>

#include "server/calls/answers.h"
#include "server/calls/call_values.h"

namespace perdure::server {
namespace {

using calls::MatchingAnswer;
using calls::MatchingCall;

}  // namespace

RemoteMatching::RemoteMatching(Executor& executor, CallCarrier& carrier)
    : carrier_(carrier), told_(executor, carrier, [](calls::Told batch) {
        MatchingCall call;
        *call.mutable_told() = std::move(batch);
        return call.SerializeAsString();
      }) {}

void RemoteMatching::Offer(Task task) {
  MatchingCall call;
  *call.mutable_offer() = ToWire(task);
  told_.Tell(call.SerializeAsString());
}

void RemoteMatching::Withdraw(const Task& task) {
  MatchingCall call;
  *call.mutable_withdraw() = ToWire(task);
  told_.Tell(call.SerializeAsString());
}

void RemoteMatching::Backlogged(const QueueKey& queue, OwnerId owner, size_t tasks) {
  MatchingCall call;
  *call.mutable_backlogged()->mutable_queue() = ToWire(queue);
  call.mutable_backlogged()->set_owner(owner.writer);
  call.mutable_backlogged()->set_tasks(tasks);
  told_.Tell(call.SerializeAsString());
}

uint64_t RemoteMatching::StartPoll(Poll poll, Callback<PolledTask> done) {
  const uint64_t id = next_poll_.fetch_add(1, std::memory_order_relaxed);
  MatchingCall call;
  call.mutable_start_poll()->set_id(id);
  *call.mutable_start_poll()->mutable_poll() = ToWire(std::move(poll));
  carrier_.Carry(call.SerializeAsString(),
                 ReadBy<MatchingAnswer, PolledTask>(std::move(done), [](MatchingAnswer& answer) {
                   return FromWire(std::move(*answer.mutable_polled()));
                 }));
  return id;
}

void RemoteMatching::CancelPoll(uint64_t poll) {
  MatchingCall call;
  call.set_cancel_poll(poll);
  told_.Tell(call.SerializeAsString());
}

uint64_t RemoteMatching::Query(QueryTask query, Callback<QueryAnswer> done) {
  const uint64_t id = next_query_.fetch_add(1, std::memory_order_relaxed);
  MatchingCall call;
  call.mutable_query()->set_id(id);
  *call.mutable_query()->mutable_query() = ToWire(std::move(query));
  carrier_.Carry(call.SerializeAsString(),
                 ReadBy<MatchingAnswer, QueryAnswer>(std::move(done), [](MatchingAnswer& answer) {
                   return FromWire(std::move(*answer.mutable_query()));
                 }));
  return id;
}

void RemoteMatching::CancelQuery(uint64_t query) {
  MatchingCall call;
  call.set_cancel_query(query);
  told_.Tell(call.SerializeAsString());
}

void RemoteMatching::AnswerQuery(QueryTaskToken token,
                                 engine::workflow::api::RespondQueryTaskCompletedRequest answer,
                                 Callback<std::monostate> done) {
  MatchingCall call;
  *call.mutable_answer_query()->mutable_token() = std::move(token);
  *call.mutable_answer_query()->mutable_answer() = std::move(answer);
  carrier_.Carry(call.SerializeAsString(),
                 ReadBy<MatchingAnswer, std::monostate>(
                     std::move(done), [](MatchingAnswer& /*nothing*/) { return std::monostate(); }));
}

void RemoteMatching::Describe(QueueKey queue, Callback<QueueDescription> done) {
  MatchingCall call;
  *call.mutable_describe() = ToWire(queue);
  carrier_.Carry(call.SerializeAsString(),
                 ReadBy<MatchingAnswer, QueueDescription>(std::move(done), [](MatchingAnswer& answer) {
                   return FromWire(std::move(*answer.mutable_description()));
                 }));
}

void RemoteMatching::ForgetStickyQueue(QueueKey queue) {
  MatchingCall call;
  *call.mutable_forget_sticky_queue() = ToWire(queue);
  told_.Tell(call.SerializeAsString());
}

}  // namespace perdure::server
