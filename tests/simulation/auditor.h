// Looks at what the store holds, behind the server's back: no run comes into memory by it, and the seed's
// random numbers stay as they are. Not thread-safe: the simulation is one thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/testing/manual_executor.h"
#include "persistence/memory/memory_store.h"
#include "tests/simulation/faults.h"

namespace perdure::simulation {

class Auditor {
 public:
  // Both outlive the auditor.
  Auditor(persistence::MemoryStore& store, StoreFaults& faults, const Uuid& namespace_id);

  // The wake table's promise: of each run, open or closed, a row stands at the time of the earliest thing
  // that its durable state owes, or before it. `writers` own all shards between them. Answers what is broken,
  // or nothing.
  std::vector<std::string> CheckWakes(const std::vector<uint32_t>& writers);
  // Of the runs of one workflow id at most one is open, and a chain has no gap: a run that names the next one
  // is stored with it, and only the run that a chain began with follows on none. Holds until retention
  // removes runs. Answers as CheckWakes.
  std::vector<std::string> CheckChains();
  std::vector<persistence::RunKey> Keys();
  // What is stored of these runs, "" when it is nothing; of wakes and execution rows, everybody's.
  std::string RowsOf(const std::vector<persistence::RunKey>& runs, const std::vector<uint32_t>& writers);
  // How many runs the store has, and how many of them are closed.
  struct Runs {
    size_t all = 0;
    size_t closed = 0;
  };
  Runs CountRuns();

 private:
  std::vector<persistence::VisibilityRow> Rows();
  std::vector<persistence::StoredRun> Load();
  std::vector<persistence::WakeRow> Wakes(uint32_t writer);
  template <typename T, typename Ask>
  T Read(Ask ask);

  persistence::MemoryStore& store_;
  StoreFaults& faults_;
  const Uuid namespace_id_;
  VirtualTime time_;
  ManualExecutor executor_;
  const std::unique_ptr<persistence::Session> session_;
};

}  // namespace perdure::simulation
