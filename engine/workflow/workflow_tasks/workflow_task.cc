#include "engine/workflow/workflow_tasks/workflow_task.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/limits.h"
#include "base/status.h"
#include "base/time.h"
#include "engine/event_frames.h"
#include "engine/workflow/updates/updates.h"

namespace perdure::engine::workflow {
namespace {

namespace enums = temporal::api::enums::v1;

constexpr int32_t kFirstSlowAttempt = 4;
constexpr absl::Duration kFirstSlowdown = absl::Seconds(5);

HistoryEvent NewStarted(const Transition& transition, const WorkflowTask& task, const Starter& starter) {
  const State& state = transition.state();
  HistoryEvent event = transition.NewEvent(enums::EVENT_TYPE_WORKFLOW_TASK_STARTED);
  SetEventId(event, task.IsAhead() ? task.scheduled_event_id + 1 : state.next_event_id);
  auto* started = event.mutable_workflow_task_started_event_attributes();
  started->set_scheduled_event_id(task.scheduled_event_id);
  started->set_identity(starter.identity);
  started->set_request_id(starter.request_id);
  started->set_history_size_bytes(transition.history_size_before());
  if (transition.history_size_before() >= transition.context().settings.limits.history_size_suggest) {
    started->add_suggest_continue_as_new_reasons(
        enums::SUGGEST_CONTINUE_AS_NEW_REASON_HISTORY_SIZE_TOO_LARGE);
  }
  if (state.next_event_id >= transition.context().settings.limits.history_count_suggest) {
    started->add_suggest_continue_as_new_reasons(
        enums::SUGGEST_CONTINUE_AS_NEW_REASON_TOO_MANY_HISTORY_EVENTS);
  }
  if (state.updates->size() + state.admitted_updates->size() >= limits::kUpdatesSuggest) {
    started->add_suggest_continue_as_new_reasons(enums::SUGGEST_CONTINUE_AS_NEW_REASON_TOO_MANY_UPDATES);
  }
  started->set_suggest_continue_as_new(!started->suggest_continue_as_new_reasons().empty());
  if (!starter.version.build_id().empty()) *started->mutable_worker_version() = starter.version;
  return event;
}

perdure::engine::Change TaskEnded(const State& state, bool close_attempted) {
  perdure::engine::Change change;
  auto* pending = change.mutable_workflow_task_pending();
  pending->set_none(true);
  pending->set_attempt(AttemptAfterFailure(state));
  pending->set_close_attempted(close_attempted);
  return change;
}

}  // namespace

std::string StartNonce(const HistoryEvent& started) {
  return absl::StrCat(started.workflow_task_started_event_attributes().request_id(), "/",
                      absl::ToUnixNanos(FromProto(started.event_time())));
}

absl::StatusOr<const WorkflowTask*> FindRunningTask(const State& state,
                                                    const perdure::server::TaskToken& token) {
  const WorkflowTask* task = state.IsOpen() ? state.workflow_task.running() : nullptr;
  if (task == nullptr || task->scheduled_event_id != token.scheduled_event_id() ||
      task->started_event_id != token.started_event_id() || task->attempt != token.attempt() ||
      task->start_nonce != token.start_nonce()) {
    return NotFound("Workflow task not found.");
  }
  return task;
}

WorkflowTaskReply StartPendingTask(Transition& transition, const Starter& starter, bool partial_history) {
  const State& state = transition.state();
  const WorkflowTask* task = state.workflow_task.waiting();
  PERDURE_CHECK(task != nullptr, "only a waiting workflow task can be started");
  if (task->IsTransient() && task->scheduled_event_id != state.next_event_id) {
    // Events came since the attempt before: this is the first attempt to show them.
    transition.Emit(NewWorkflowTaskScheduled(state, transition.now(), 1, task->start_to_close_timeout));
    task = state.workflow_task.waiting();
  }
  EventPtr scheduled;
  if (task->IsAhead()) scheduled = std::make_shared<const HistoryEvent>(ScheduledEventOf(state, *task));
  transition.StartSoft(NewStarted(transition, *task, starter), std::move(scheduled));
  const size_t had = state.admitted_updates->size() - UnsentUpdates(state);
  transition.SendUpdates();
  WorkflowTaskReply reply = ReplyForRunningTask(state, partial_history);
  AddUpdateMessages(state, starter.new_updates_only ? had : 0, reply.response);
  return reply;
}

WorkflowTaskReply ReplyForRunningTask(const State& state, bool partial_history) {
  const WorkflowTask& task = *state.workflow_task.running();
  const RunFacts& facts = *state.facts;
  WorkflowTaskReply reply;
  auto& response = reply.response;
  response.mutable_workflow_execution()->set_workflow_id(facts.workflow_id);
  response.mutable_workflow_execution()->set_run_id(facts.run_id.ToString());
  response.mutable_workflow_type()->set_name(state.workflow_type);
  response.set_previous_started_event_id(state.previous_started_event_id);
  response.set_started_event_id(task.started_event_id);
  response.set_attempt(task.attempt);
  response.mutable_workflow_execution_task_queue()->set_name(state.task_queue);
  response.mutable_workflow_execution_task_queue()->set_kind(enums::TASK_QUEUE_KIND_NORMAL);
  *response.mutable_scheduled_time() = ToProto(task.scheduled_time);
  *response.mutable_started_time() = ToProto(*task.started_time);

  reply.token.set_namespace_id(std::string(facts.namespace_id.View()));
  reply.token.set_workflow_id(facts.workflow_id);
  reply.token.set_run_id(std::string(facts.run_id.View()));
  reply.token.set_scheduled_event_id(task.scheduled_event_id);
  reply.token.set_started_event_id(task.started_event_id);
  reply.token.set_attempt(task.attempt);
  reply.token.set_start_nonce(task.start_nonce);
  reply.token.set_workflow_type(state.workflow_type);

  reply.history_from = partial_history ? state.previous_started_event_id + 1 : 1;
  if (task.IsAhead()) {
    AppendFramed(*task.scheduled, reply.tail);
    AppendFramed(*task.started, reply.tail);
    reply.history_to = task.scheduled_event_id - 1;
  } else if (task.start == WorkflowTask::Start::kSoft) {
    AppendFramed(*task.started, reply.tail);
    reply.history_to = task.started_event_id - 1;
  } else {
    reply.history_to = task.started_event_id;
  }
  return reply;
}

HistoryEvent NewWorkflowTaskScheduled(const State& state, absl::Time at, int32_t attempt,
                                      absl::Duration timeout) {
  HistoryEvent event;
  event.set_event_type(enums::EVENT_TYPE_WORKFLOW_TASK_SCHEDULED);
  *event.mutable_event_time() = ToProto(at);
  auto* scheduled = event.mutable_workflow_task_scheduled_event_attributes();
  auto* queue = scheduled->mutable_task_queue();
  if (state.sticky.has_value() && !state.sticky_lost) {
    queue->set_name(state.sticky->name);
    queue->set_kind(enums::TASK_QUEUE_KIND_STICKY);
    queue->set_normal_name(state.task_queue);
  } else {
    queue->set_name(state.task_queue);
    queue->set_kind(enums::TASK_QUEUE_KIND_NORMAL);
  }
  *scheduled->mutable_start_to_close_timeout() = ToProto(timeout);
  scheduled->set_attempt(attempt);
  return event;
}

HistoryEvent ScheduledEventOf(const State& state, const WorkflowTask& task) {
  if (task.scheduled != nullptr) return *task.scheduled;
  HistoryEvent event =
      NewWorkflowTaskScheduled(state, task.scheduled_time, task.attempt, task.start_to_close_timeout);
  SetEventId(event, task.scheduled_event_id);
  return event;
}

void FailRunningTask(Transition& transition, WorkflowTaskFailedEventAttributes why) {
  transition.HardenWorkflowTask();
  const WorkflowTask& task = *transition.state().workflow_task.running();
  if (task.IsTransient()) {
    transition.Change(
        TaskEnded(transition.state(), why.cause() == enums::WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND));
    return;
  }
  HistoryEvent event = transition.NewEvent(enums::EVENT_TYPE_WORKFLOW_TASK_FAILED);
  why.set_scheduled_event_id(task.scheduled_event_id);
  why.set_started_event_id(task.started_event_id);
  *event.mutable_workflow_task_failed_event_attributes() = std::move(why);
  transition.Emit(std::move(event));
}

void TimeOutRunningTask(Transition& transition) {
  transition.HardenWorkflowTask();
  const WorkflowTask& task = *transition.state().workflow_task.running();
  if (task.IsTransient()) {
    transition.Change(TaskEnded(transition.state(), false));
    return;
  }
  HistoryEvent event = transition.NewEvent(enums::EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT);
  auto* timed_out = event.mutable_workflow_task_timed_out_event_attributes();
  timed_out->set_scheduled_event_id(task.scheduled_event_id);
  timed_out->set_started_event_id(task.started_event_id);
  timed_out->set_timeout_type(enums::TIMEOUT_TYPE_START_TO_CLOSE);
  transition.Emit(std::move(event));
}

int32_t AttemptAfterFailure(const State& state) {
  return state.sticky.has_value() ? 1 : state.workflow_task.pending()->attempt + 1;
}

absl::Duration StartToCloseTimeout(const State& state, int32_t attempt, Random& random) {
  if (attempt < kFirstSlowAttempt) return state.workflow_task_timeout;
  const absl::Duration slowdown = std::min(kFirstSlowdown * std::pow(2.0, attempt - kFirstSlowAttempt),
                                           limits::kWorkflowTaskRetryMaxInterval);
  return state.workflow_task_timeout + slowdown * (0.8 + 0.2 * random.Fraction());
}

}  // namespace perdure::engine::workflow
