// Between nodes: calls pass as bytes, and while faults last some are lost, come twice, late, or in another
// order; so do their answers. What a node that is gone was asked, or asks, is never answered by it.
//
// Not thread-safe: the simulation is one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "base/executor.h"
#include "base/random.h"
#include "server/calls/call_carrier.h"
#include "tests/simulation/plan.h"

namespace perdure::simulation {

// A process of a node, from its start to its death. Never used again.
using Incarnation = uint64_t;

class NodeNetwork {
 public:
  enum class Service { kHistory, kMatching };
  using Done = server::Callback<std::string>;
  // Makes a call of another node.
  using Serve = std::function<void(Incarnation from, Service service, const std::string& bytes, Done done)>;

  // All outlive it.
  NodeNetwork(Executor& executor, const FaultPlan& plan, Random& random)
      : executor_(executor), plan_(plan), random_(random) {}

  // `home` is where its calls are answered, and outlives it.
  void Join(Incarnation node, Executor& home, Serve serve) { nodes_[node] = {&home, std::move(serve)}; }
  // Calls to it, and from it, are answered no more: those of others as lost.
  void Leave(Incarnation node);
  void StopFaults() { stopped_ = true; }

  // `done` is called once, on the caller's home.
  void Call(Incarnation from, Incarnation to, Service service, const std::string& bytes, Done done);

 private:
  struct Node {
    Executor* home = nullptr;
    Serve serve;
  };
  // Who waits for an answer; `done` is null once there is one.
  struct Waiting {
    Incarnation from = 0;
    Incarnation to = 0;
    Done done;
  };
  using WaitingPtr = std::shared_ptr<Waiting>;
  // Held by all copies of one call: when the last one goes without an answer, its caller hears that it was
  // lost.
  class CallCopies {
   public:
    CallCopies(NodeNetwork& network, WaitingPtr waiting) : network_(network), waiting_(std::move(waiting)) {}
    ~CallCopies();
    CallCopies(const CallCopies&) = delete;
    CallCopies& operator=(const CallCopies&) = delete;
    const Waiting& waiting() const { return *waiting_; }
    const WaitingPtr& waiting_ptr() const { return waiting_; }

   private:
    NodeNetwork& network_;
    const WaitingPtr waiting_;
  };
  using CallCopiesPtr = std::shared_ptr<const CallCopies>;

  bool Chance(double chance) { return !stopped_ && random_.Fraction() < chance; }
  // How long one copy, of a call or an answer, is on its way.
  absl::Duration Way();
  void After(absl::Duration delay, Executor::Task task);
  void Send(const CallCopiesPtr& copies, Service service, const std::string& bytes);
  void Arrive(const CallCopiesPtr& copies, Service service, const std::string& bytes);
  void Answer(const CallCopiesPtr& copies, absl::StatusOr<std::string> answer);
  // The answer reaches the caller now.
  void Finish(const WaitingPtr& waiting, absl::StatusOr<std::string> answer);

  Executor& executor_;
  const FaultPlan& plan_;
  Random& random_;
  std::map<Incarnation, Node> nodes_;
  std::map<uint64_t, WaitingPtr> open_;  // also of calls that were answered since
  uint64_t next_ = 1;
  bool stopped_ = false;
};

// The calls of one node to one service of another.
class NodeCarrier final : public server::CallCarrier {
 public:
  NodeCarrier(NodeNetwork& network, Incarnation from, Incarnation to, NodeNetwork::Service service)
      : network_(network), from_(from), to_(to), service_(service) {}
  void Carry(std::string call, server::Callback<std::string> done) override {
    network_.Call(from_, to_, service_, call, std::move(done));
  }

 private:
  NodeNetwork& network_;
  const Incarnation from_;
  const Incarnation to_;
  const NodeNetwork::Service service_;
};

}  // namespace perdure::simulation
