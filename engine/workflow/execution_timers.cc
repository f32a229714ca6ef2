#include "engine/workflow/execution_timers.h"

#include <utility>

#include "engine/workflow/close.h"

namespace perdure::engine::workflow {
namespace {

namespace enums = temporal::api::enums::v1;

bool IsDue(const std::optional<absl::Time>& at, absl::Time now) { return at.has_value() && *at <= now; }

// Both timeouts end together where no shorter run timeout was given. The execution's end is told in whole
// milliseconds, so that it may come a little after the run's.
bool EndTogether(const State& state) {
  return state.run_expires_at.has_value() && state.execution_expires_at.has_value() &&
         absl::AbsDuration(*state.run_expires_at - *state.execution_expires_at) < absl::Milliseconds(1);
}

// The start delay is over once, when the first task is scheduled.
std::optional<absl::Time> EndOfStartDelay(const State& state) {
  const bool had_task = state.workflow_task.has_value() || state.last_completed_event_id != 0;
  return had_task ? std::nullopt : state.first_task_not_before;
}

}  // namespace

void FireExecutionTimers(Transition& transition) {
  const State& state = transition.state();
  if (!state.IsOpen()) return;
  const bool run_expired = IsDue(state.run_expires_at, transition.now());
  const bool execution_expired =
      IsDue(state.execution_expires_at, transition.now()) || (run_expired && EndTogether(state));
  if (execution_expired || run_expired) {
    HistoryEvent event = transition.NewEvent(enums::EVENT_TYPE_WORKFLOW_EXECUTION_TIMED_OUT);
    event.mutable_workflow_execution_timed_out_event_attributes()->set_retry_state(
        execution_expired ? enums::RETRY_STATE_TIMEOUT : enums::RETRY_STATE_RETRY_POLICY_NOT_SET);
    ForceClose(transition, std::move(event));
    return;
  }
  if (IsDue(EndOfStartDelay(state), transition.now())) transition.ScheduleWorkflowTask();
}

bool IsDelayed(const State& state, absl::Time now) {
  const std::optional<absl::Time> end = EndOfStartDelay(state);
  return end.has_value() && now < *end;
}

std::optional<Deadline> NextExecutionTimer(const State& state) {
  if (!state.IsOpen()) return std::nullopt;
  constexpr int64_t kStarted = 1;
  std::optional<Deadline> next;
  for (const auto& at : {state.execution_expires_at, state.run_expires_at, EndOfStartDelay(state)}) {
    if (at.has_value()) TakeEarlier({*at, kStarted}, next);
  }
  return next;
}

}  // namespace perdure::engine::workflow
