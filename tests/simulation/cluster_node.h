// A node of two that share a store: it owns those of history's parts on which it holds the lease, has some of
// matching's queues, calls the other as bytes over a faulty network, and passes bytes inside, too. Its
// writers are those of its row in the store. It lives from its making to its death; its calls are dropped
// with it, and what it sent to the store may still land.
//
// Not thread-safe: the simulation is one thread.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "base/testing/manual_executor.h"
#include "persistence/store.h"
#include "server/calls/calls_as_bytes.h"
#include "server/calls/numbered_calls.h"
#include "server/matching/node_matching.h"
#include "tests/simulation/copies.h"
#include "tests/simulation/node_network.h"
#include "tests/simulation/part.h"
#include "tests/simulation/part_store.h"
#include "tests/simulation/placement.h"

namespace perdure::simulation {

class ClusterNode {
 public:
  // What it works with; all outlives it.
  struct World {
    VirtualTime& time;
    persistence::Store& store;
    std::array<std::unique_ptr<PartStore>, kParts>& part_stores;
    const server::NamespaceRegistry& namespaces;
    server::Metrics& metrics;
    const server::EntityKinds& kinds;
    const server::MessageClock& message_clock;
    NodeNetwork& network;
    Copies& copies;
  };
  struct Options {
    size_t number = 0;
    Incarnation incarnation = 0;
    absl::Duration clock_step;  // of its machine's clock
    server::HistoryOptions history;
    server::MatchingOptions matching;
    // It holds the lease on the part, anew.
    std::function<void(size_t part)> owns;
  };
  ClusterNode(World world, Options options);
  ~ClusterNode();
  ClusterNode(const ClusterNode&) = delete;
  ClusterNode& operator=(const ClusterNode&) = delete;

  // From now on it believes this. Where the other node is another than before, whatever that had of matching
  // is gone, or comes to be: all is taken up, and offered, anew.
  void Learn(const Placement& placement);

  // Asks the store for its writers, and goes on until it was told; then calls `ready`.
  void Begin(std::function<void()> ready);
  // REQUIRES: it is ready, and does not ask for the part.
  void SeekPart(size_t part);
  // The part takes nothing new; `done` is called once all that it has decided is durable, or dropped, and its
  // lease was given back.
  void GivePartUp(size_t part, std::function<void()> done);
  // REQUIRES: it was given up.
  void EndPart(size_t part);

  void Pause();
  void Resume();
  bool paused() const { return paused_; }
  void StepWallClock(absl::Duration by);

  // REQUIRES: it is ready.
  uint32_t first_writer() const { return row_.first_writer; }
  Incarnation incarnation() const { return options_.incarnation; }
  // As its clients call them.
  server::History& history() { return placed_history_; }
  server::Matching& matching() { return placed_matching_; }

 private:
  // The other node, as this one calls it.
  struct Peer {
    Peer(ClusterNode& node, Incarnation to);
    NodeCarrier history_carrier;
    NodeCarrier matching_carrier;
    server::NumberedCalls history_calls;
    server::NumberedCalls matching_calls;
    server::RemoteHistory history;
    server::RemoteMatching matching;
  };
  // This node, as the other one calls it.
  struct Served {
    explicit Served(ClusterNode& node);
    server::HistoryService history;
    server::MatchingService matching;
    server::CallsMadeOnce history_calls;
    server::CallsMadeOnce matching_calls;
  };

  void Serve(Incarnation from, NodeNetwork::Service service, const std::string& bytes,
             NodeNetwork::Done done);
  void AskForWriters(const std::function<void()>& ready);
  std::vector<ManualExecutor*> Executors();
  void DropEverything();

  const World world_;
  const Options options_;
  ManualExecutor executor_;
  ManualExecutor matching_executor_;
  const std::unique_ptr<persistence::Session> session_;
  persistence::NodeRow row_;
  absl::Duration clock_step_;
  bool paused_ = false;
  Placement placement_;

  PartsHistory parts_;
  std::vector<std::unique_ptr<ManualExecutor>> ended_;  // executors of parts that are gone
  server::HistoryAsBytes own_history_;
  std::array<std::unique_ptr<Peer>, kNodes> peers_;
  std::map<Incarnation, std::unique_ptr<Served>> served_;
  PlacedHistory placed_history_;
  server::NodeMatching node_matching_;
  server::MatchingAsBytes own_matching_;
  PlacedMatching placed_matching_;
};

}  // namespace perdure::simulation
