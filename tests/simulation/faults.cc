#include "tests/simulation/faults.h"

namespace perdure::simulation {

absl::Duration StoreFaults::Delay() {
  return stopped_ ? absl::ZeroDuration() : random_.Fraction() * plan_.slowest_store;
}

persistence::MemoryFaults::CommitPlan StoreFaults::OnCommit(const persistence::Batch& /*batch*/) {
  CommitPlan plan;
  plan.before = Delay();
  plan.after = Delay();
  if (Chance(plan_.commit_fails)) {
    plan.fault = CommitFault::kFails;
  } else if (Chance(plan_.commit_unknown_landed)) {
    plan.fault = CommitFault::kUnknownLanded;
  } else if (Chance(plan_.commit_unknown_lost)) {
    plan.fault = CommitFault::kUnknownLost;
  } else if (Chance(plan_.commit_unknown_stalls)) {
    plan.fault = CommitFault::kUnknownStalls;
  }
  return plan;
}

persistence::MemoryFaults::ReadPlan StoreFaults::OnOperation(std::string_view /*operation*/) {
  return {.fails = Chance(plan_.read_fails), .delay = Delay()};
}

bool StoreFaults::StalledLands(const persistence::Batch& /*batch*/, Moment /*moment*/) {
  return random_.Fraction() < 0.5;
}

}  // namespace perdure::simulation
