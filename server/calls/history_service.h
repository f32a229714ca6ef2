// Makes the calls that a RemoteHistory encoded. One a peer: what it calls off is named by its own ids.
//
// Thread safety: any thread. History and the kinds outlive it, and the callbacks that it gave; it may go
// before those were called.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "perdure/call.pb.h"
#include "server/calls/call_ids.h"
#include "server/calls/told_calls.h"
#include "server/history/entity_kinds.h"
#include "server/history/history.h"

namespace perdure::server {

class HistoryService {
 public:
  HistoryService(History& history, const EntityKinds& kinds) : history_(history), kinds_(kinds) {}

  // A call that cannot be read is answered INVALID_ARGUMENT at once; so, with nothing, is one that only
  // tells.
  void Handle(std::string_view call, Callback<std::string> done);

 private:
  void Make(calls::HistoryCall call, Callback<std::string> done);
  void Start(const calls::StartEntity& call, Callback<std::string> done);
  // What is asked of an entity, and how it is answered.
  struct Asked {
    EntityRef run;
    const engine::CallWire& wire;
    engine::RequestPtr request;
  };
  absl::StatusOr<Asked> Read(calls::AskEntity& call) const;
  void Ask(calls::AskEntity& call, bool decided, Callback<std::string> done);
  void AskAndWait(calls::AskAndWait& call, Callback<std::string> done);
  void Wait(calls::WaitForEvents& call, Callback<std::string> done);
  // What is only told: one that cannot be read is left out.
  void Hear(const std::string& call);
  absl::StatusOr<const engine::CallWire*> WireOf(uint32_t kind) const;

  History& history_;
  const EntityKinds& kinds_;
  const std::shared_ptr<CallIds> waits_ = std::make_shared<CallIds>();
  HeardCalls heard_;
};

}  // namespace perdure::server
