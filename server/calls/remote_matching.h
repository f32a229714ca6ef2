// Matching whose calls pass as bytes, to a MatchingService somewhere.
//
// Thread safety, guarantees and errors as class Matching; callbacks run where the carrier calls them. Its
// carrier and executor outlive it and the calls that it made.
#pragma once

#include <atomic>
#include <cstdint>

#include "base/executor.h"
#include "server/calls/call_carrier.h"
#include "server/calls/told_calls.h"
#include "server/matching/matching.h"

namespace perdure::server {

class RemoteMatching final : public Matching {
 public:
  RemoteMatching(Executor& executor, CallCarrier& carrier);

  void Offer(Task task) override;
  void Withdraw(const Task& task) override;
  void Backlogged(const QueueKey& queue, OwnerId owner, size_t tasks) override;

  uint64_t StartPoll(Poll poll, Callback<PolledTask> done) override;
  void CancelPoll(uint64_t poll) override;
  uint64_t Query(QueryTask query, Callback<QueryAnswer> done) override;
  void CancelQuery(uint64_t query) override;
  void AnswerQuery(QueryTaskToken token, engine::workflow::api::RespondQueryTaskCompletedRequest answer,
                   Callback<std::monostate> done) override;
  void Describe(QueueKey queue, Callback<QueueDescription> done) override;
  void ForgetStickyQueue(QueueKey queue) override;
  // Does nothing: a node drains its own matching.
  void Drain() override {}

 private:
  CallCarrier& carrier_;
  ToldCalls told_;
  std::atomic<uint64_t> next_poll_ = 1;
  std::atomic<uint64_t> next_query_ = 1;
};

}  // namespace perdure::server
