#include "engine/workflow/run/next_run.h"

#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "base/run_ids.h"
#include "base/time.h"
#include "engine/values/cron_schedule.h"
#include "engine/values/retry_policy.h"
#include "engine/workflow/messages/children.h"
#include "engine/workflow/messages/inbox.h"
#include "engine/workflow/timers/execution_timers.h"
#include "engine/workflow/transition.h"
#include "engine/workflow/workflow_tasks/workflow_task.h"

namespace perdure::engine::workflow {
namespace {

namespace enums = temporal::api::enums::v1;
using temporal::api::history::v1::WorkflowExecutionStartedEventAttributes;

const WorkflowExecutionStartedEventAttributes& StartedOf(const State& state) {
  return state.facts->started->workflow_execution_started_event_attributes();
}

// When its first task was due, or would have been.
absl::Time ExecutionTime(const State& state) {
  return state.first_task_not_before.value_or(state.facts->start_time);
}

void CopyFamily(const WorkflowExecutionStartedEventAttributes& was,
                WorkflowExecutionStartedEventAttributes& started) {
  if (!was.has_parent_workflow_execution()) return;
  started.set_parent_workflow_namespace(was.parent_workflow_namespace());
  started.set_parent_workflow_namespace_id(was.parent_workflow_namespace_id());
  *started.mutable_parent_workflow_execution() = was.parent_workflow_execution();
  started.set_parent_initiated_event_id(was.parent_initiated_event_id());
  if (was.has_root_workflow_execution()) {
    *started.mutable_root_workflow_execution() = was.root_workflow_execution();
  }
}

// What a run that follows by itself was started with, as the one before was.
void CopyStartAgain(const WorkflowExecutionStartedEventAttributes& was,
                    WorkflowExecutionStartedEventAttributes& started) {
  *started.mutable_workflow_type() = was.workflow_type();
  *started.mutable_task_queue() = was.task_queue();
  if (was.has_header()) *started.mutable_header() = was.header();
  if (was.has_input()) *started.mutable_input() = was.input();
  if (was.has_workflow_run_timeout()) *started.mutable_workflow_run_timeout() = was.workflow_run_timeout();
  *started.mutable_workflow_task_timeout() = was.workflow_task_timeout();
  if (was.has_retry_policy()) *started.mutable_retry_policy() = was.retry_policy();
  started.set_cron_schedule(was.cron_schedule());
  if (was.has_memo()) *started.mutable_memo() = was.memo();
  if (was.has_search_attributes()) *started.mutable_search_attributes() = was.search_attributes();
}

// Whether the schedule wants another run, and when.
void FollowSchedule(const Transition& transition, Succession& succession) {
  const State& state = transition.state();
  const std::optional<absl::Duration> backoff =
      CronBackoff(StartedOf(state).cron_schedule(), {ExecutionTime(state), transition.now()});
  if (!backoff.has_value()) return;
  succession.initiator = enums::CONTINUE_AS_NEW_INITIATOR_CRON_SCHEDULE;
  succession.backoff = *backoff;
}

void MintNextRunId(const Transition& transition, Succession& succession) {
  if (succession.follows()) {
    succession.run_id = MintRunId(transition.now(), transition.context().random);
  }
}

}  // namespace

const std::string& NextRunIdOf(const HistoryEvent& close_event) {
  static const std::string* const kNone = new std::string();
  switch (close_event.attributes_case()) {
    case HistoryEvent::kWorkflowExecutionContinuedAsNewEventAttributes:
      return close_event.workflow_execution_continued_as_new_event_attributes().new_execution_run_id();
    case HistoryEvent::kWorkflowExecutionCompletedEventAttributes:
      return close_event.workflow_execution_completed_event_attributes().new_execution_run_id();
    case HistoryEvent::kWorkflowExecutionFailedEventAttributes:
      return close_event.workflow_execution_failed_event_attributes().new_execution_run_id();
    case HistoryEvent::kWorkflowExecutionTimedOutEventAttributes:
      return close_event.workflow_execution_timed_out_event_attributes().new_execution_run_id();
    default:  // Terminated and Canceled are the end.
      return *kNone;
  }
}

perdure::engine::Change CarriedOver(const State& state, const Uuid& run_id, Random& random) {
  perdure::engine::Change change;
  auto* created = change.mutable_run_created();
  created->set_namespace_id(std::string(state.facts->namespace_id.View()));
  created->set_workflow_id(state.facts->workflow_id);
  created->set_run_id(std::string(run_id.View()));
  created->set_request_id(Uuid::Mint(random).ToString());
  if (HasParent(state)) {
    created->set_parent_original_run_id(std::string(state.facts->parent_original_run_id.View()));
    created->set_unreleased(state.unreleased);
  }
  HandInboxOn(state, *created);
  return change;
}

std::optional<absl::Duration> FirstTaskBackoff(const Transition& transition,
                                               std::optional<absl::Duration> wanted) {
  // Negative while the run's own backoff is not over.
  const absl::Duration lifetime = transition.now() - ExecutionTime(transition.state());
  if (lifetime + wanted.value_or(absl::ZeroDuration()) >= limits::kNextRunInterval) return wanted;
  return limits::kNextRunInterval - lifetime;
}

HistoryEvent NewStartedAfter(const Transition& transition, const Uuid& run_id) {
  const State& state = transition.state();
  const WorkflowExecutionStartedEventAttributes& was = StartedOf(state);
  HistoryEvent event = transition.NewEvent(enums::EVENT_TYPE_WORKFLOW_EXECUTION_STARTED);
  auto& started = *event.mutable_workflow_execution_started_event_attributes();
  started.set_workflow_id(state.facts->workflow_id);
  started.set_continued_execution_run_id(state.facts->run_id.ToString());
  started.set_first_execution_run_id(was.first_execution_run_id());
  started.set_original_execution_run_id(run_id.ToString());
  started.set_attempt(1);
  CopyFamily(was, started);
  if (was.has_workflow_execution_timeout()) {
    *started.mutable_workflow_execution_timeout() = was.workflow_execution_timeout();
  }
  if (was.has_workflow_execution_expiration_time()) {
    *started.mutable_workflow_execution_expiration_time() = was.workflow_execution_expiration_time();
  }
  if (was.has_priority()) *started.mutable_priority() = was.priority();
  *started.mutable_prev_auto_reset_points() = *state.auto_reset_points;
  *event.mutable_links() = state.facts->started->links();
  return event;
}

void BeginNextRun(Transition& transition, const Uuid& run_id, HistoryEvent started) {
  PERDURE_CHECK(transition.state().close_event != nullptr &&
                    NextRunIdOf(*transition.state().close_event) == run_id.ToString(),
                "a run is followed by the one that its close event names");
  const Context& context = transition.context();
  Transition next(State(), context);
  next.Change(CarriedOver(transition.state(), run_id, context.random));
  next.Emit(std::move(started));
  if (!IsDelayed(next.state(), context.now)) ScheduleWorkflowTask(next);
  auto result = std::move(next).Finish();
  transition.Follow({std::move(result.state), std::move(result.records), std::move(result.happenings)});
}

Succession AfterFailure(const Transition& transition, const temporal::api::failure::v1::Failure& failure) {
  const State& state = transition.state();
  const WorkflowExecutionStartedEventAttributes& started = StartedOf(state);
  Succession succession;
  if (started.has_retry_policy()) {
    succession.retry_state = enums::RETRY_STATE_NON_RETRYABLE_FAILURE;
    if (IsRetryable(failure, started.retry_policy())) {
      const Backoff backoff =
          NextBackoff(started.retry_policy(), {.attempt = started.attempt(),
                                               .now = transition.now(),
                                               .expires_at = state.execution_expires_at,
                                               .requested_delay = NextRetryDelay(failure)});
      succession.retry_state = backoff.state;
      succession.backoff = backoff.delay;
    }
  }
  if (succession.retry_state == enums::RETRY_STATE_IN_PROGRESS) {
    succession.initiator = enums::CONTINUE_AS_NEW_INITIATOR_RETRY;
  } else {
    FollowSchedule(transition, succession);
  }
  MintNextRunId(transition, succession);
  return succession;
}

Succession AfterCompletion(const Transition& transition) {
  Succession succession;
  FollowSchedule(transition, succession);
  MintNextRunId(transition, succession);
  return succession;
}

void BeginSuccessor(Transition& transition, const Succession& succession, const Outcome& outcome) {
  if (!succession.follows()) return;
  const WorkflowExecutionStartedEventAttributes& was = StartedOf(transition.state());
  HistoryEvent event = NewStartedAfter(transition, succession.run_id);
  auto& started = *event.mutable_workflow_execution_started_event_attributes();
  CopyStartAgain(was, started);
  started.set_initiator(succession.initiator);
  if (succession.initiator == enums::CONTINUE_AS_NEW_INITIATOR_RETRY) started.set_attempt(was.attempt() + 1);
  if (const auto backoff = FirstTaskBackoff(transition, succession.backoff)) {
    *started.mutable_first_workflow_task_backoff() = ToProto(*backoff);
  }
  if (outcome.result != nullptr) *started.mutable_last_completion_result() = *outcome.result;
  if (outcome.failure != nullptr) *started.mutable_continued_failure() = *outcome.failure;
  BeginNextRun(transition, succession.run_id, std::move(event));
}

}  // namespace perdure::engine::workflow
