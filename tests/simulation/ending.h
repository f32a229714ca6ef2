// How a world ends: time goes on until everybody is done, and once its clocks are past retention until no row
// is left. Not thread-safe: the simulation is one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/testing/manual_executor.h"
#include "tests/simulation/auditor.h"
#include "tests/simulation/fate.h"
#include "tests/simulation/journal.h"
#include "tests/simulation/people.h"
#include "tests/simulation/plan.h"

namespace perdure::simulation {

struct Ending {
  // All outlive it. `step` makes one thing happen: false when nothing is left to happen. `steps` counts them.
  const VirtualTime& time;
  const Plan& plan;
  const Fate& fate;
  People& crowd;
  Journal& journal;
  std::function<bool()> step;
  const uint64_t& steps;

  // Until all are done and faults have stopped, and then checks all; or until something is broken, as it is
  // when that takes too long.
  void Await(uint64_t most_steps) const;
  // Until retention has removed everything; what is left when that takes too long.
  std::string AwaitRemoval(Auditor& auditor) const;
};

}  // namespace perdure::simulation
