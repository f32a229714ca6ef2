// Makes the calls that a RemoteMatching encoded. One a peer: what it calls off is named by its own ids.
//
// Thread safety: any thread. Matching outlives it, and the callbacks that it gave; it may go before those
// were called.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "perdure/call.pb.h"
#include "server/calls/call_ids.h"
#include "server/calls/told_calls.h"
#include "server/matching/matching.h"

namespace perdure::server {

class MatchingService {
 public:
  explicit MatchingService(Matching& matching) : matching_(matching) {}

  // A call that cannot be read is answered INVALID_ARGUMENT at once; so, with nothing, is one that only
  // tells.
  void Handle(std::string_view call, Callback<std::string> done);

 private:
  void StartPoll(calls::StartPoll& call, Callback<std::string> done);
  void Query(calls::AskQuery& call, Callback<std::string> done);
  // What is only told: one that cannot be read is left out.
  void Hear(const std::string& call);

  Matching& matching_;
  const std::shared_ptr<CallIds> polls_ = std::make_shared<CallIds>();
  const std::shared_ptr<CallIds> queries_ = std::make_shared<CallIds>();
  HeardCalls heard_;
};

}  // namespace perdure::server
