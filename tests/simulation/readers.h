// Those who ask for the positions of workflows all along, of whatever process there is: what was answered by
// one is in every later answer of all. Not thread-safe: the simulation is one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/ids.h"
#include "tests/simulation/journal.h"
#include "tests/simulation/network.h"

namespace perdure::simulation {

class Readers {
 public:
  // All outlive it.
  Readers(const Uuid& namespace_id, Journal& journal) : namespace_id_(namespace_id), journal_(journal) {}

  // Asks once. `counts`: asked when the answer comes, whether it must be as later answers.
  void Read(Network& network, const std::string& workflow_id, std::function<bool()> counts);
  bool Knows(const std::string& workflow_id) const {
    const auto known = known_.find(workflow_id);
    return known != known_.end() && !known->second.runs.empty();
  }

 private:
  // Of a workflow id: the runs in the order in which they were answered, and the last one's next event id.
  struct Known {
    std::vector<Uuid> runs;
    int64_t next_event_id = 0;
  };
  // `known` is what was answered when this read began.
  void Check(const std::string& workflow_id, const Known& known, const server::RunPosition& position);

  const Uuid namespace_id_;
  Journal& journal_;
  std::map<std::string, Known> known_;  // what was answered last, by workflow id
};

}  // namespace perdure::simulation
