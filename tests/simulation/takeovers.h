// One seed's world of two server processes on one store, which own all shards in turn: each loses its lease
// by not running for a while, by a store that fails or is slow, by a kill, or by ending in order; in some
// seeds both bear one name. Beside what World (world.h) checks, whatever was answered by either is in every
// later answer of both. Faults stop after a while; then every workflow must finish. Not thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/testing/manual_executor.h"
#include "persistence/memory/memory_store.h"
#include "server/history/testing/test_node.h"
#include "server/metrics/testing/null_metrics.h"
#include "tests/simulation/auditor.h"
#include "tests/simulation/copies.h"
#include "tests/simulation/ending.h"
#include "tests/simulation/fate.h"
#include "tests/simulation/faults.h"
#include "tests/simulation/journal.h"
#include "tests/simulation/network.h"
#include "tests/simulation/people.h"
#include "tests/simulation/plan.h"
#include "tests/simulation/readers.h"
#include "tests/simulation/server_process.h"
#include "tests/simulation/worker.h"

namespace perdure::simulation {

// What a seed draws beside its Plan.
struct TakeoverPlan {
  bool same_name = false;
  bool same_writers = false;  // the writers' ids of both are the same
  // Of each process, on the average.
  absl::Duration between_pauses;
  absl::Duration between_kills;
  absl::Duration between_stops;
  absl::Duration longest_pause;
};

class Takeovers {
 public:
  // `whole`: as DrawPlan.
  Takeovers(uint64_t seed, bool whole);
  ~Takeovers();

  // What was broken; empty when every rule held and every workflow finished.
  std::vector<std::string> Run();

  const Plan& plan() const { return plan_; }
  std::string Description() const;
  // A figure that differs as soon as two runs of a seed do.
  uint64_t steps() const { return steps_; }
  // How often a process began to serve.
  uint64_t takeovers() const { return takeovers_; }

 private:
  // A process, and who talks to it: a worker of its own, and the readers.
  struct Side {
    std::unique_ptr<ServerProcess> process;
    std::unique_ptr<Network> network;
    std::unique_ptr<Worker> worker;
  };

  std::unique_ptr<persistence::MemoryStore> NewStore();
  std::unique_ptr<ServerProcess> MakeProcess(size_t number);
  uint32_t FirstWriter(size_t number) const;
  void Start(size_t side);
  void Kill(size_t side);
  void Connect(size_t side);
  void ConnectClient();
  void Pause(size_t side);
  void ScheduleFate();
  void StopFaults();
  void Audit();
  // Asks either process for a workflow's position, again and again.
  void Read();
  // Signals a run that has no timer and no worker: on a side whose other runs are done, nothing but the lease
  // tells that it grew elsewhere.
  void Pulse();
  bool OneStep();

  VirtualTime time_;
  std::unique_ptr<Random> random_;
  const Plan plan_;
  const TakeoverPlan takeover_plan_;
  StoreFaults faults_;
  server::testing::OneNamespace namespaces_;
  std::unique_ptr<persistence::MemoryStore> store_;
  Auditor auditor_;
  ManualExecutor people_;
  ManualExecutor fate_executor_;
  Fate fate_;
  Fate reconnects_;  // of the client, which go on for ever
  server::NullMetrics metrics_;
  Copies copies_;

  Journal journal_;
  Readers readers_;
  Network client_network_;
  People crowd_;
  std::array<Side, 2> sides_;

  uint64_t pulses_ = 0;
  size_t youngest_ = 0;  // the side that began to serve last
  uint64_t steps_ = 0;
  uint64_t takeovers_ = 0;

  const Ending ending_{time_, plan_, fate_, crowd_, journal_, [this] { return OneStep(); }, steps_};
};

}  // namespace perdure::simulation
