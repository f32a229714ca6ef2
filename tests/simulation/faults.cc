#include "tests/simulation/faults.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "engine/workflow/kind.h"
#include "engine/workflow/run/next_run.h"
#include "temporal/api/history/v1/message.pb.h"

namespace perdure::simulation {
namespace {

// The run that follows on the one that is written, as its close event names it; "" when none does.
std::string NextRunIn(const persistence::RunWrite& write) {
  if (write.key.kind != engine::workflow::kWorkflowKind) return "";
  if (!write.execution.has_value() || !write.execution->close_time.has_value()) return "";
  for (const persistence::HistoryRow& row : write.history) {
    temporal::api::history::v1::History history;
    PERDURE_CHECK(history.ParseFromString(row.events), "written events are framed");
    for (const auto& event : history.events()) {
      const std::string& next = engine::workflow::NextRunIdOf(event);
      if (!next.empty()) return next;
    }
  }
  return "";
}

bool Begins(const persistence::RunWrite& write, const std::string& run_id) {
  return write.key.run_id.ToString() == run_id && !write.history.empty() &&
         write.history.front().sequence == 1;
}

}  // namespace

absl::Duration StoreFaults::Delay() {
  return stopped_ ? absl::ZeroDuration() : random_.Fraction() * plan_.slowest_store;
}

persistence::MemoryFaults::CommitPlan StoreFaults::OnCommit(const persistence::Batch& batch) {
  for (const persistence::WriteGroup& group : batch.groups) {
    for (const persistence::RunWrite& write : group.runs) {
      const std::string next = NextRunIn(write);
      const auto begins = [&next](const persistence::RunWrite& other) { return Begins(other, next); };
      if (next.empty() || std::any_of(group.runs.begin(), group.runs.end(), begins)) continue;
      broken_.push_back(fmt::format("run {} closes in a commit without the beginning of run {}",
                                    write.key.run_id.ToString(), next));
    }
  }
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
