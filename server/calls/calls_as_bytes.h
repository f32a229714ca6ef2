// History and matching of one process whose calls pass between them, and from the frontend, as the bytes that
// they would be between nodes: a mode that every build has and the simulation always uses.
//
// Thread safety: as its parts. The executor and the kinds outlive it; so do history and matching, and all
// calls end before it goes.
#pragma once

#include <optional>
#include <utility>

#include "base/check.h"
#include "base/executor.h"
#include "server/calls/history_service.h"
#include "server/calls/matching_service.h"
#include "server/calls/remote_history.h"
#include "server/calls/remote_matching.h"
#include "server/history/local_messages.h"

namespace perdure::server {

class HistoryAsBytes final : public MessageCarrier {
 public:
  HistoryAsBytes(Executor& executor, const EntityKinds& kinds)
      : kinds_(kinds), remote_(executor, carrier_, kinds) {}

  // Once, before the first call.
  void Reach(History& history) { carrier_.service.emplace(history, kinds_); }
  History& remote() { return remote_; }

  // Messages between executors pass in the same way.
  void Carry(History& /*to*/, perdure::engine::Delivery delivery,
             Callback<perdure::engine::DeliveryAnswers> done) override {
    remote_.Deliver(std::move(delivery), std::move(done));
  }

 private:
  struct Carrier final : CallCarrier {
    void Carry(std::string call, Callback<std::string> done) override {
      PERDURE_CHECK(service.has_value(), "history is there before its first call");
      service->Handle(call, std::move(done));
    }
    std::optional<HistoryService> service;
  };

  const EntityKinds& kinds_;
  Carrier carrier_;
  RemoteHistory remote_;
};

class MatchingAsBytes final {
 public:
  MatchingAsBytes(Executor& executor, Matching& matching) : carrier_(matching), remote_(executor, carrier_) {}

  Matching& remote() { return remote_; }

 private:
  struct Carrier final : CallCarrier {
    explicit Carrier(Matching& matching) : service(matching) {}
    void Carry(std::string call, Callback<std::string> done) override {
      service.Handle(call, std::move(done));
    }
    MatchingService service;
  };

  Carrier carrier_;
  RemoteMatching remote_;
};

}  // namespace perdure::server
