// Messages between entities: takes in what is sent to entities of this executor, and records what became of
// what they send (message_outbox.h).
//
// Not thread-safe: lives on the host's executor.
#pragma once

#include <optional>
#include <vector>

#include "engine/message.h"
#include "server/history/history.h"
#include "server/history/host/host_parts.h"
#include "server/history/message_arrivals.h"
#include "server/history/message_outbox.h"
#include "server/history/resident_run.h"

namespace perdure::server {

class MessageDesk final : public MessageOutbox::Host, private MessageArrivals::Host {
 public:
  MessageDesk(const HostParts& parts, Counter& not_acted_on);

  // The shards were taken over, or anew, just now; and they were given up.
  void Begin() { arrivals_.Begin(); }
  void End() { arrivals_.End(); }

  void Deliver(perdure::engine::Delivery delivery, Callback<perdure::engine::DeliveryAnswers> done);

  // --- MessageOutbox::Host
  std::optional<perdure::engine::Message> BodyOf(const persistence::RunKey& run,
                                                 const engine::MessageKey& key) override;
  void Settle(const persistence::RunKey& run, std::vector<engine::MessageOutcome> outcomes,
              absl::AnyInvocable<void(const absl::Status&) &&> done) override;

 private:
  void Receive(const perdure::engine::Message& message,
               Callback<perdure::engine::MessageAnswer> done) override;
  // `run` is null when the target is not there.
  void DeliverTo(const RunPtr& run, const engine::Kind& kind, const perdure::engine::Message& message,
                 Callback<perdure::engine::MessageAnswer> done);

  // As the run's newest state has it.
  bool OwesNow(const ResidentRun& run, const engine::MessageKey& message);

  const HostParts& parts_;
  MessageArrivals arrivals_;
  // What the run owes that was asked about last, in order: a delivery asks for many messages of one state.
  struct {
    uint64_t step = 0;  // LastUse::step, which no other run shares
    std::vector<engine::MessageKey> keys;
  } owed_;
};

}  // namespace perdure::server
