#include "tests/simulation/ending.h"

#include "absl/time/time.h"

namespace perdure::simulation {
namespace {

constexpr absl::Duration kTimeToFinish = absl::Hours(3);
constexpr absl::Duration kTimeToRemove = absl::Minutes(30);
constexpr uint64_t kStepsBetweenLooks = 50;

}  // namespace

void Ending::Await(uint64_t most_steps) const {
  const absl::Duration end = plan.faulty_time + kTimeToFinish;
  while (!(crowd.AllDone() && fate.stopped()) && journal.broken().empty()) {
    if (time.monotonic() > end || steps > most_steps || !step()) {
      journal.Broken("not finished " + absl::FormatDuration(time.monotonic()) + " and " +
                     std::to_string(steps) + " steps after the beginning:" + crowd.Unfinished());
    }
  }
  if (journal.broken().empty()) crowd.CheckAll();
}

std::string Ending::AwaitRemoval(Auditor& auditor) const {
  const absl::Duration end = time.monotonic() + kTimeToRemove;
  std::string left = auditor.Left();
  while (!left.empty() && time.monotonic() < end) {
    for (uint64_t i = 0; i < kStepsBetweenLooks; ++i) step();
    left = auditor.Left();
  }
  return left;
}

}  // namespace perdure::simulation
