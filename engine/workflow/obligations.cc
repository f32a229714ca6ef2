#include "engine/workflow/messages/messages.h"
#include "engine/workflow/timers/run_timers.h"
#include "engine/workflow/workflow.h"

namespace perdure::engine::workflow {
namespace {

using temporal::api::common::v1::Priority;

constexpr int32_t kDefaultPriorityKey = 3;

int32_t PriorityKey(const Priority& own, const Priority& fallback) {
  if (own.priority_key() != 0) return own.priority_key();
  return fallback.priority_key() != 0 ? fallback.priority_key() : kDefaultPriorityKey;
}

Dispatch WorkflowTaskDispatch(const State& state, const WorkflowTask& task, const Priority& priority) {
  return {.kind = TaskKind::kWorkflow,
          .task_queue = task.task_queue,
          .normal_task_queue = state.task_queue,
          .sticky = task.sticky,
          .scheduled_event_id = task.scheduled_event_id,
          .attempt = task.attempt,
          .scheduled_time = task.scheduled_time,
          .priority_key = PriorityKey(priority, priority)};
}

Dispatch ActivityDispatch(int64_t scheduled_event_id, const Activity& activity, const Priority& priority) {
  const std::string& queue = Options(activity).task_queue().name();
  return {.kind = TaskKind::kActivity,
          .task_queue = queue,
          .normal_task_queue = queue,
          .scheduled_event_id = scheduled_event_id,
          .attempt = activity.attempt,
          .scheduled_time = activity.scheduled_time,
          .priority_key = PriorityKey(Options(activity).priority(), priority)};
}

}  // namespace

int32_t PriorityKeyOf(const State& state) {
  const Priority& priority = state.facts->started->workflow_execution_started_event_attributes().priority();
  return PriorityKey(priority, priority);
}

Obligations ObligationsOf(const State& state) {
  Obligations obligations;
  obligations.messages = MessagesOwed(state);
  if (!state.IsOpen()) {
    obligations.next_timer = DeleteAt(state);
    if (!state.riding_drops->empty()) {
      obligations.next_timer = state.deleted_at.has_value() ? state.deleted_at : state.delete_after;
    }
    return obligations;
  }
  obligations.dispatches.reserve(state.activities->size() + 1);
  const Priority& priority = state.facts->started->workflow_execution_started_event_attributes().priority();
  if (const WorkflowTask* task = state.workflow_task.waiting(); task != nullptr) {
    obligations.dispatches.push_back(WorkflowTaskDispatch(state, *task, priority));
  }
  for (const auto& [id, activity] : *state.activities) {
    if (!IsStarted(*activity)) obligations.dispatches.push_back(ActivityDispatch(id, *activity, priority));
  }
  for (const TimerKind& kind : kTimerKinds) {
    const std::optional<Deadline> next = kind.next(state);
    if (!next.has_value()) continue;
    if (!obligations.next_timer.has_value() || next->at < *obligations.next_timer) {
      obligations.next_timer = next->at;
    }
  }
  return obligations;
}

Obligations DurableObligationsOf(const State& state) {
  if (!HasVolatile(state)) return ObligationsOf(state);
  State durable = state;
  durable.workflow_task.DropVolatile();
  durable.riding_releases = {};
  durable.riding_drops = {};
  durable.riding_since.reset();
  durable.admitted_updates = {};
  return ObligationsOf(durable);
}

}  // namespace perdure::engine::workflow
