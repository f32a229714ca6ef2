// Between clients and the server process: answers come later, some never, and a crash of the process fails
// every call that is open. A caller hears UNAVAILABLE for an answer that was lost, whatever the server did.
// Not thread-safe: the simulation is one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "absl/container/btree_map.h"
#include "absl/status/statusor.h"
#include "base/executor.h"
#include "base/random.h"
#include "server/history/history.h"
#include "server/matching/matching.h"
#include "server/workflows/workflow_history.h"
#include "tests/simulation/plan.h"

namespace perdure::simulation {

class Network {
 public:
  // `clients` is where answers arrive. All outlive the network.
  Network(Executor& clients, const FaultPlan& plan, Random& random)
      : clients_(clients), plan_(plan), random_(random) {}

  // The server process as it is now; null while it is down: calls then fail at once.
  void Connect(server::History* history, server::Matching* matching) {
    history_ = history;
    matching_ = matching;
  }
  // The process is gone: every open call fails.
  void Crash();
  void StopFaults() { stopped_ = true; }

  template <typename T>
  using Lost = absl::AnyInvocable<void(T) &&>;

  bool connected() const { return history_ != nullptr; }
  server::WorkflowHistory history() { return *history_; }
  server::Matching& matching() { return *matching_; }

  // The callback to hand to the server for `done`. `noticed`: the server's side of an answer that is lost,
  // when it finds out (half of the time).
  template <typename T>
  server::Callback<T> Answer(server::Callback<T> done, Lost<T> noticed = nullptr);

 private:
  using Fail = absl::AnyInvocable<void() &&>;

  Executor& clients_;
  const FaultPlan& plan_;
  Random& random_;
  server::History* history_ = nullptr;
  server::Matching* matching_ = nullptr;
  bool stopped_ = false;
  uint64_t next_call_ = 1;
  absl::btree_map<uint64_t, Fail> open_;
};

template <typename T>
server::Callback<T> Network::Answer(server::Callback<T> done, Lost<T> noticed) {
  const uint64_t call = next_call_++;
  auto shared = std::make_shared<server::Callback<T>>(std::move(done));
  open_[call] = [this, shared]() {
    clients_.Post(
        [shared]() mutable { std::move (*shared)(absl::UnavailableError("the connection broke")); });
  };
  return [this, call, shared, noticed = std::move(noticed)](absl::StatusOr<T> answer) mutable {
    if (open_.erase(call) == 0) return;  // of a process that is gone
    if (!stopped_ && random_.Fraction() < plan_.reply_lost) {
      if (noticed && answer.ok() && random_.Fraction() < 0.5) std::move(noticed)(*std::move(answer));
      answer = absl::UnavailableError("the answer was lost");
    }
    clients_.Post([shared, answer = std::move(answer)]() mutable { std::move (*shared)(std::move(answer)); });
  };
}

}  // namespace perdure::simulation
