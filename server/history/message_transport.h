// How copies of messages get from the executor that owns their sender to the one that owns their target
// (docs/MESSAGES.md). Inside a process they pass as they are; between nodes, and in the simulation, as
// bytes.
//
// Thread safety: Deliver is called on the sender's executor. `done` is called exactly once, on that executor
// too and never inside the call.
#pragma once

#include "absl/time/time.h"
#include "base/executor.h"
#include "perdure/message.pb.h"
#include "server/history/history.h"

namespace perdure::server {

class MessageTransport {
 public:
  virtual ~MessageTransport() = default;
  // The copies have one target, and arrive there in this order: once the receiver does not act on one of
  // them, it does not act on those behind it. An error tells nothing of any copy; nor does an answer without
  // a case of its copy.
  virtual void Deliver(perdure::engine::Delivery delivery,
                       Callback<perdure::engine::DeliveryAnswers> done) = 0;
};

// The clock on which copies say when they were sent, and receivers say when they took their shards over. All
// who send each other messages have the same one. It never steps back. Any thread.
class MessageClock {
 public:
  virtual ~MessageClock() = default;
  // The time at a moment of the executors' monotonic clock.
  virtual absl::Time At(absl::Duration monotonic) const = 0;
};

// Of senders and receivers in one process, whose executors share a monotonic clock.
class ProcessMessageClock final : public MessageClock {
 public:
  explicit ProcessMessageClock(const Executor& executor) : zero_(executor.Now() - executor.Monotonic()) {}
  absl::Time At(absl::Duration monotonic) const override { return zero_ + monotonic; }

 private:
  const absl::Time zero_;
};

}  // namespace perdure::server
