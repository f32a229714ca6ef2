// Those who ask counters: each deed of the plan after the other, each repeated until it is answered. Not
// thread-safe: the simulation is one thread.
#pragma once

#include <map>
#include <string>

#include "base/executor.h"
#include "base/ids.h"
#include "engine/entity.h"
#include "tests/simulation/auditor.h"
#include "tests/simulation/caller.h"
#include "tests/simulation/journal.h"
#include "tests/simulation/network.h"
#include "tests/simulation/plan.h"

namespace perdure::simulation {

class CounterClient : private Caller {
 public:
  // All outlive the client.
  CounterClient(const Plan& plan, const Uuid& namespace_id, Executor& executor, Random& random,
                Network& network, Journal& journal);

  void Begin();
  // Every deed was answered: each counter that the plan names is closed.
  bool AllDone() const;
  // For a seed that did not finish in time.
  std::string Undone() const;
  // REQUIRES: all counters are closed and owe nobody anything. What was given, and what those who were begun
  // handed over at their end, was got exactly once or came back: all together still have nothing. Tells the
  // journal.
  void CheckAll(Auditor& auditor);

 private:
  struct Flight {
    const CounterPlan* plan = nullptr;
    size_t done = 0;  // deeds
  };

  void Start(Flight& flight);
  void Next(Flight& flight);
  void Do(Flight& flight);

  std::map<std::string, Flight> flights_;
};

}  // namespace perdure::simulation
