#include <algorithm>

#include "base/limits.h"
#include "base/time.h"
#include "engine/workflow/handle.h"
#include "engine/workflow/messages/children.h"
#include "engine/workflow/run/close.h"
#include "engine/workflow/workflow_tasks/workflow_task.h"

namespace perdure::engine::workflow {
namespace {

// A copy of a message may still be on its way to one that was talked to, and whoever waits for the end of an
// open run is still to read it.
absl::Time GoesAt(const State& state, bool was_open, absl::Time now) {
  const bool talked =
      was_open || HasParent(state) || state.last_event_time > state.close_time.value_or(absl::Time());
  return talked ? std::max(now, state.last_event_time + limits::kSettledRunKept) : now;
}

}  // namespace

absl::StatusOr<Reply> Handle(Transition& transition, const Delete& /*request*/) {
  const State& state = transition.state();
  if (state.deleted_at.has_value()) return Done{};
  const bool was_open = state.IsOpen();
  if (was_open) {
    ForceClose(transition, NewTerminated(transition, "Delete workflow execution", kHistoryService));
  }
  perdure::engine::Change change;
  *change.mutable_run_deleted()->mutable_delete_after() = ToProto(GoesAt(state, was_open, transition.now()));
  transition.Change(std::move(change));
  return Done{};
}

}  // namespace perdure::engine::workflow
