// Takes in deliveries of messages for the entities of one executor: what the guard lets in is decided in
// order, and answered together.
//
// Not thread-safe: lives on one executor. The host outlives it.
#pragma once

#include <memory>

#include "server/history/copy_guard.h"
#include "server/history/message_transport.h"

namespace perdure::server {

class MessageArrivals {
 public:
  class Host {
   public:
    virtual ~Host() = default;
    // Finds the target and lets it decide on the message; messages to one target are decided in the order of
    // these calls. `done` is called exactly once, perhaps inside the call: with the answer when the state
    // that it was read from is durable, or with an error, which tells nothing.
    virtual void Receive(const perdure::engine::Message& message,
                         Callback<perdure::engine::MessageAnswer> done) = 0;
  };

  MessageArrivals(Executor& executor, const MessageClock& clock, Host& host, size_t remembered,
                  Counter& not_acted_on)
      : executor_(executor), clock_(clock), host_(host), guard_(remembered, not_acted_on) {}

  // The shards were taken over, or anew, just now; and they were given up.
  void Begin();
  void End();

  // UNAVAILABLE when nothing is known of any copy.
  void Deliver(perdure::engine::Delivery delivery, Callback<perdure::engine::DeliveryAnswers> done);

 private:
  struct Arrival {
    perdure::engine::Delivery delivery;
    perdure::engine::DeliveryAnswers answers;
    Callback<perdure::engine::DeliveryAnswers> done;
    int open = 1;  // decisions that are not answered, and the delivery itself while it is read
    uint64_t tenure = 0;
  };
  using ArrivalPtr = std::shared_ptr<Arrival>;

  void TakeFrom(const ArrivalPtr& arrival, int place);
  void Decide(const ArrivalPtr& arrival, int place);
  void OnAnswer(const ArrivalPtr& arrival, int place, absl::StatusOr<perdure::engine::MessageAnswer> answer);
  static void Close(const ArrivalPtr& arrival);
  absl::Time Now() const { return clock_.At(executor_.Monotonic()); }

  Executor& executor_;
  const MessageClock& clock_;
  Host& host_;
  CopyGuard guard_;
  uint64_t tenure_ = 0;  // raised by Begin and End: the guard knows only what was admitted since
};

}  // namespace perdure::server
