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

persistence::MemoryFaults::ReadPlan StoreFaults::OnOperation(std::string_view operation) {
  if (quiet_) return {};
  const bool loads = operation == "LoadRuns" || operation == "FindCurrentRuns" || operation == "ReadWakes";
  const bool reads = loads || operation == "ReadHistory";
  const bool fails = (outage_ && reads) || Chance(plan_.read_fails) || (loads && Chance(plan_.load_fails));
  return {.fails = fails, .delay = Delay()};
}

bool StoreFaults::StalledLands(const persistence::Batch& /*batch*/, Moment /*moment*/) {
  return !quiet_ && random_.Fraction() < 0.5;
}

}  // namespace perdure::simulation
