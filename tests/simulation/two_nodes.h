// One seed's world of two nodes that share a store, at the same time: each owns those parts of history on
// which it holds the lease and has some of matching's queues, and every call between them passes as bytes
// that may be lost, repeated, late, or out of order; copies of messages besides. Parts are handed over; nodes
// are killed, or do not run for a while, and the other takes what they had once the lease on it has ended.
// Clients and workers call either. Beside what World (world.h) checks, whatever was answered by either is in
// every later answer of both. Faults stop after a while; then every workflow must finish. Not thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/testing/manual_executor.h"
#include "persistence/memory/memory_store.h"
#include "server/history/testing/test_node.h"
#include "server/metrics/testing/null_metrics.h"
#include "tests/simulation/auditor.h"
#include "tests/simulation/cluster_node.h"
#include "tests/simulation/copies.h"
#include "tests/simulation/ending.h"
#include "tests/simulation/fate.h"
#include "tests/simulation/faults.h"
#include "tests/simulation/journal.h"
#include "tests/simulation/network.h"
#include "tests/simulation/people.h"
#include "tests/simulation/plan.h"
#include "tests/simulation/readers.h"
#include "tests/simulation/worker.h"

namespace perdure::simulation {

// What a seed draws beside its Plan. Of nodes: of each, on the average.
struct TwoNodesPlan {
  absl::Duration between_moves;
  absl::Duration between_kills;
  absl::Duration between_pauses;
  absl::Duration longest_pause;
};

class TwoNodes {
 public:
  // `whole`: as DrawPlan.
  TwoNodes(uint64_t seed, bool whole);
  ~TwoNodes();

  // What was broken; empty when every rule held and every workflow finished.
  std::vector<std::string> Run();

  const Plan& plan() const { return plan_; }
  std::string Description() const;
  // A figure that differs as soon as two runs of a seed do.
  uint64_t steps() const { return steps_; }
  // How often a part was taken.
  uint64_t moves() const { return moves_; }

 private:
  // A node, and who talks to it: a worker of its own, and the readers.
  struct Side {
    std::unique_ptr<ClusterNode> node;  // null: it is down
    bool ready = false;
    std::array<bool, kParts> gives_up{};  // the part, or has given it up and does not ask for it yet
    std::unique_ptr<Network> network;
    std::unique_ptr<Worker> worker;
  };

  persistence::MemoryStoreOptions StoreOptions();
  void Start(size_t side);
  void OnReady(size_t side);
  // The side holds the lease on the part, anew.
  void OnOwned(size_t part, size_t side);
  void Kill(size_t side);
  void Restart(size_t side);
  void Pause(size_t side);
  void ConnectClient();
  // The nodes learn the truth, each at its time.
  void Tell();
  void Tell(size_t number);
  // The part's owner, if it has one, hands it over, and asks for it again after a while.
  void HandOver(size_t part);
  void OnHandedOver(size_t part, size_t side, Incarnation incarnation);
  bool Lives(size_t side, Incarnation incarnation) const;
  void ScheduleFate();
  void StopFaults();
  void Audit();
  void Read();
  bool OneStep();
  // As World's.
  void PassRetention();

  const uint64_t seed_;
  VirtualTime time_;
  std::unique_ptr<Random> random_;
  const Plan plan_;
  const TwoNodesPlan nodes_plan_;
  StoreFaults faults_;
  server::testing::OneNamespace namespaces_;
  const server::EntityKinds kinds_ = SimulatedKinds();
  std::unique_ptr<persistence::MemoryStore> store_;
  std::array<std::unique_ptr<PartStore>, kParts> part_stores_;
  Auditor auditor_;
  ManualExecutor people_;
  ManualExecutor fate_executor_;
  Fate fate_;
  Fate reconnects_;  // of the client, which go on for ever
  const server::ProcessMessageClock message_clock_;
  server::NullMetrics metrics_;
  NodeNetwork node_network_;
  Copies copies_;

  Journal journal_;
  Readers readers_;
  Network client_network_;
  People crowd_;
  std::array<Side, kNodes> sides_;
  Placement truth_;
  std::vector<uint32_t> writers_;  // of all nodes that there were
  Incarnation last_incarnation_ = 0;
  absl::Duration clock_step_;  // of all nodes that come

  bool retention_passes_ = false;
  uint64_t steps_ = 0;
  uint64_t moves_ = 0;

  const Ending ending_{time_, plan_, fate_, crowd_, journal_, [this] { return OneStep(); }, steps_};
};

}  // namespace perdure::simulation
