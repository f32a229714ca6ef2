#include "base/check.h"
#include "engine/workflow/handle.h"
#include "engine/workflow/timers/run_timers.h"

namespace perdure::engine::workflow {
namespace {

// The kind whose earliest timer is due first, or null when none is due.
const TimerKind* EarliestDue(const Transition& transition) {
  const TimerKind* earliest = nullptr;
  Deadline earliest_deadline;
  for (const TimerKind& kind : kTimerKinds) {
    const std::optional<Deadline> deadline = kind.next(transition.state());
    if (!deadline.has_value() || deadline->at > transition.now()) continue;
    if (earliest != nullptr && !(*deadline < earliest_deadline)) continue;
    earliest = &kind;
    earliest_deadline = *deadline;
  }
  return earliest;
}

}  // namespace

// Fires all due timers of one kind, which schedules a workflow task, then those of the next kind: this is the
// order of events in the real server's histories.
absl::StatusOr<Reply> Handle(Transition& transition, const FireTimers&) {
  while (transition.state().IsOpen()) {
    const TimerKind* kind = EarliestDue(transition);
    if (kind == nullptr) break;
    kind->fire(transition);
    const std::optional<Deadline> next = kind->next(transition.state());
    PERDURE_CHECK(!transition.state().IsOpen() || !next.has_value() || next->at > transition.now(),
                  "a timer that has fired is due again at once");
  }
  // What is left to note in a closed run is noted when retention wants it.
  const State& state = transition.state();
  if (!state.IsOpen() && state.delete_after.has_value() && *state.delete_after <= transition.now()) {
    transition.RideAlong();
  }
  return Done{};
}

}  // namespace perdure::engine::workflow
