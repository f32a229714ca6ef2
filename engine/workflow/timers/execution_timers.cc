#include "engine/workflow/timers/execution_timers.h"

#include <utility>

#include "engine/values/failures.h"
#include "engine/workflow/run/close.h"
#include "engine/workflow/run/next_run.h"
#include "engine/workflow/workflow_tasks/workflow_task.h"

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
  const bool had_task = state.workflow_task.pending() != nullptr || state.last_completed_event_id != 0;
  // A child's first task comes by its release, whenever the delay is over before that.
  return had_task || state.unreleased ? std::nullopt : state.first_task_not_before;
}

// A run that takes too long may be followed by another; an execution is at its end.
void TimeOutRun(Transition& transition, bool whole_execution) {
  const Failure failure = TimeoutFailure("workflow timeout", enums::TIMEOUT_TYPE_START_TO_CLOSE);
  Succession succession;
  succession.retry_state = enums::RETRY_STATE_TIMEOUT;
  if (!whole_execution) succession = AfterFailure(transition, failure);
  HistoryEvent event = transition.NewEvent(enums::EVENT_TYPE_WORKFLOW_EXECUTION_TIMED_OUT);
  auto* timed_out = event.mutable_workflow_execution_timed_out_event_attributes();
  timed_out->set_retry_state(succession.retry_state);
  if (succession.follows()) timed_out->set_new_execution_run_id(succession.run_id.ToString());
  ForceClose(transition, std::move(event));
  const auto& started = transition.state().facts->started->workflow_execution_started_event_attributes();
  BeginSuccessor(
      transition, succession,
      {.result = started.has_last_completion_result() ? &started.last_completion_result() : nullptr,
       .failure = &failure});
}

}  // namespace

void FireExecutionTimers(Transition& transition) {
  const State& state = transition.state();
  if (!state.IsOpen()) return;
  const bool run_expired = IsDue(state.run_expires_at, transition.now());
  const bool execution_expired =
      IsDue(state.execution_expires_at, transition.now()) || (run_expired && EndTogether(state));
  if (execution_expired || run_expired) return TimeOutRun(transition, execution_expired);
  if (IsDue(EndOfStartDelay(state), transition.now())) ScheduleWorkflowTask(transition);
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
