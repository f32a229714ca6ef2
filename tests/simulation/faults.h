// The store's faults, drawn from the seed by the plan's chances until they are told to stop.
// They see each commit that the server wants, landed or not, and what must hold of its whole is looked at
// here. Not thread-safe: the simulation is one thread.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/random.h"
#include "persistence/memory/faults.h"
#include "tests/simulation/plan.h"

namespace perdure::simulation {

class StoreFaults final : public persistence::MemoryFaults {
 public:
  // Both outlive this.
  StoreFaults(const FaultPlan& plan, Random& random) : plan_(plan), random_(random) {}

  void Stop() {
    stopped_ = true;
    outage_ = false;
  }
  // While it lasts, every read fails.
  void SetReadOutage(bool outage) { outage_ = outage && !stopped_; }
  // While it is set, nothing fails, takes time or draws a number: the simulation itself looks at the store.
  void SetQuiet(bool quiet) { quiet_ = quiet; }

  // What was broken by commits since the last call: of a workflow run that another one follows, its close and
  // the first record of the next run stand in one group.
  std::vector<std::string> TakeBroken() { return std::exchange(broken_, {}); }

  CommitPlan OnCommit(const persistence::Batch& batch) override;
  ReadPlan OnOperation(std::string_view operation) override;
  bool StalledLands(const persistence::Batch& batch, Moment moment) override;

 private:
  bool Chance(double chance) { return !stopped_ && random_.Fraction() < chance; }
  absl::Duration Delay();

  const FaultPlan& plan_;
  Random& random_;
  bool stopped_ = false;
  bool outage_ = false;
  bool quiet_ = false;
  std::vector<std::string> broken_;
};

}  // namespace perdure::simulation
