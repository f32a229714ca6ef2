// A server process of the simulation as the program assembles it: a lease, then history on executors of its
// own, and matching. It can be killed, stopped in order, or not run for a while. Not thread-safe: the
// simulation is one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/testing/manual_executor.h"
#include "persistence/memory/memory_store.h"
#include "server/calls/calls_as_bytes.h"
#include "server/cluster/lease.h"
#include "server/history/node_history.h"
#include "server/matching/node_matching.h"
#include "tests/simulation/auditor.h"
#include "tests/simulation/copies.h"
#include "tests/simulation/plan.h"

namespace perdure::simulation {

// How a server's part of history behaves in this plan.
server::HistoryOptions HistoryOptionsOf(const Plan& plan);

class ServerProcess {
 public:
  struct World {
    VirtualTime& time;
    persistence::Store& store;
    const server::NamespaceRegistry& namespaces;
    server::Metrics& metrics;
    Copies& copies;
  };
  struct Options {
    std::string name;  // the node's, in the lease
    uint32_t first_writer = 1;
    size_t executors = 1;
    server::HistoryOptions history;
    server::MatchingOptions matching;
  };
  // Everything in `world` outlives it.
  ServerProcess(World world, Options options);
  ~ServerProcess();
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  // REQUIRES: it is not up. A new incarnation; `serving` is called when it has taken the shards for the first
  // time.
  void Start(std::function<void()> serving);
  // REQUIRES: no task of its own is running.
  void Kill();
  // Lets what was decided become durable and gives its lease back; then it exits.
  void Stop();
  void Pause();
  void Resume();
  // Somebody sets its machine's clock.
  void StepWallClock(absl::Duration by);

  bool up() const { return keeper_ != nullptr; }
  bool paused() const { return paused_; }
  // It has nothing left to do, or has lost its name: whoever runs the steps kills it.
  bool exits() const { return exits_; }
  // As others call them; null until it has had the lease.
  server::History* history() { return history_ == nullptr ? nullptr : &history_as_bytes_->remote(); }
  server::Matching* matching() { return matching_ == nullptr ? nullptr : &matching_as_bytes_->remote(); }

 private:
  void TakeUp();
  std::vector<ManualExecutor*> Executors();

  const World world_;
  const Options options_;
  std::vector<std::unique_ptr<ManualExecutor>> executors_;
  ManualExecutor matching_executor_;
  ManualExecutor cluster_executor_;
  std::function<void()> serving_;
  std::unique_ptr<persistence::Session> session_;
  std::unique_ptr<server::LeaseKeeper> keeper_;
  const server::EntityKinds kinds_ = SimulatedKinds();
  std::unique_ptr<server::NodeHistory> history_;
  std::unique_ptr<server::HistoryAsBytes> history_as_bytes_;
  std::unique_ptr<server::NodeMatching> matching_;
  std::unique_ptr<server::MatchingAsBytes> matching_as_bytes_;
  bool paused_ = false;
  bool exits_ = false;
};

}  // namespace perdure::simulation
