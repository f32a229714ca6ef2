// Deliveries of one executor to whoever in the process has their targets: they pass as they are, unless a
// carrier is given, which may pass them as bytes, late, twice, or not at all.
//
// Not thread-safe: lives on the executor. The node and the carrier outlive it.
#pragma once

#include <utility>

#include "base/executor.h"
#include "server/history/message_transport.h"

namespace perdure::server {

class MessageCarrier {
 public:
  virtual ~MessageCarrier() = default;
  // Any thread. `done` is called at most once.
  virtual void Carry(History& to, perdure::engine::Delivery delivery,
                     Callback<perdure::engine::DeliveryAnswers> done) = 0;
};

class LocalMessages final : public MessageTransport {
 public:
  // `carrier`: may be null.
  LocalMessages(Executor& executor, History& node, MessageCarrier* carrier)
      : executor_(executor), node_(node), carrier_(carrier) {}

  void Deliver(perdure::engine::Delivery delivery, Callback<perdure::engine::DeliveryAnswers> done) override {
    auto answered = [&executor = executor_, done = std::move(done)](
                        absl::StatusOr<perdure::engine::DeliveryAnswers> answers) mutable {
      executor.Post([answers = std::move(answers), done = std::move(done)]() mutable {
        std::move(done)(std::move(answers));
      });
    };
    if (carrier_ != nullptr) {
      carrier_->Carry(node_, std::move(delivery), std::move(answered));
    } else {
      node_.Deliver(std::move(delivery), std::move(answered));
    }
  }

 private:
  Executor& executor_;
  History& node_;
  MessageCarrier* const carrier_;
};

}  // namespace perdure::server
