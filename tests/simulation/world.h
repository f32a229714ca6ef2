// One seed's whole world in one thread and on virtual time: a server on a faulty store, a worker, clients,
// and fate, which crashes the server, loses the store's last batches and sets the clock. Faults stop after a
// while; then every workflow must finish, and nothing may be late. Not thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/testing/manual_executor.h"
#include "persistence/memory/memory_store.h"
#include "server/calls/calls_as_bytes.h"
#include "server/history/node_history.h"
#include "server/history/testing/test_node.h"
#include "server/matching/node_matching.h"
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
#include "tests/simulation/worker.h"

namespace perdure::simulation {

class World {
 public:
  // `whole`: as DrawPlan.
  World(uint64_t seed, bool whole);
  ~World();

  // What was broken; empty when every rule held and every workflow finished.
  std::vector<std::string> Run();

  const Plan& plan() const { return plan_; }
  // A figure that differs as soon as two runs of a seed do.
  uint64_t steps() const { return steps_; }
  uint64_t crashes() const { return crashes_; }

 private:
  std::unique_ptr<persistence::MemoryStore> NewStore();
  void StartServer();
  void CrashServer();
  void LoseBatches();
  void ScheduleFate();
  void BeginReadOutage();
  void StopFaults();
  void Audit();
  bool OneStep();
  std::vector<uint32_t> Writers() const;
  // The clock passes the retention of all runs; the server finds them due, crashes while it removes them, and
  // leaves nothing.
  void PassRetention();

  const uint64_t seed_;
  VirtualTime time_;
  std::unique_ptr<Random> random_;
  const Plan plan_;
  StoreFaults faults_;
  server::testing::OneNamespace namespaces_;
  std::unique_ptr<persistence::MemoryStore> store_;
  Auditor auditor_;

  std::vector<std::unique_ptr<ManualExecutor>> executors_;
  ManualExecutor matching_executor_;
  ManualExecutor people_;
  ManualExecutor fate_executor_;
  Fate fate_;

  server::NullMetrics metrics_;
  server::testing::SettableLease lease_;
  const server::EntityKinds kinds_ = SimulatedKinds();
  Copies copies_;
  std::unique_ptr<server::NodeHistory> history_;
  std::unique_ptr<server::HistoryAsBytes> history_as_bytes_;
  std::unique_ptr<server::NodeMatching> matching_;
  std::unique_ptr<server::MatchingAsBytes> matching_as_bytes_;

  Journal journal_;
  Network network_;
  Worker worker_;
  People crowd_;

  bool retention_passes_ = false;
  uint64_t steps_ = 0;
  uint64_t crashes_ = 0;
  uint64_t crash_in_steps_ = 0;  // 0: none is due

  const Ending ending_{time_, plan_, fate_, crowd_, journal_, [this] { return OneStep(); }, steps_};
};

}  // namespace perdure::simulation
