#include "engine/workflow/queries/queries.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "base/limits.h"
#include "base/status.h"
#include "engine/workflow/handle.h"
#include "engine/workflow/workflow_entity.h"
#include "temporal/api/enums/v1/failed_cause.pb.h"
#include "temporal/api/enums/v1/query.pb.h"
#include "temporal/api/query/v1/message.pb.h"

namespace perdure::engine::workflow {
namespace {

namespace enums = temporal::api::enums::v1;
using temporal::api::query::v1::WorkflowQueryResult;

// Null: the waiter wants something else.
const Query* QueryOf(const Waiter& waiter) {
  const auto* const request = dynamic_cast<const WorkflowRequest*>(waiter.request);
  return request == nullptr ? nullptr : std::get_if<Query>(&request->request());
}

bool CompletedAnyTask(const State& state) { return state.previous_started_event_id != 0; }

bool MustWait(const State& state) {
  return state.IsOpen() && (!CompletedAnyTask(state) || state.workflow_task.pending() != nullptr);
}

bool IsRejected(const State& state, enums::QueryRejectCondition condition) {
  if (state.IsOpen()) return false;
  return condition == enums::QUERY_REJECT_CONDITION_NOT_OPEN ||
         (condition == enums::QUERY_REJECT_CONDITION_NOT_COMPLETED_CLEANLY &&
          state.status != enums::WORKFLOW_EXECUTION_STATUS_COMPLETED);
}

absl::Status ClosedUnseen() {
  return WorkflowNotReady("Workflow execution closed before WorkflowTaskStarted event");
}

// Whether the query can be answered at all, as far as the run's workflow tasks tell.
absl::Status CheckReady(const State& state, const Query& query, absl::Time now) {
  if (!state.IsOpen()) return CompletedAnyTask(state) ? absl::OkStatus() : ClosedUnseen();
  const WorkflowTask* const task = state.workflow_task.pending();
  const bool begins_too_late =
      state.first_task_not_before.has_value() && *state.first_task_not_before > now + query.time_left;
  if (task == nullptr && !CompletedAnyTask(state) && begins_too_late) {
    return WorkflowNotReady("Workflow task is not scheduled yet.");
  }
  const int32_t attempt = task == nullptr ? state.workflow_task_attempt : task->attempt;
  if (attempt >= limits::kFailingAttempts) {
    return WorkflowNotReady("Unable to query workflow due to Workflow Task in failed state.");
  }
  return absl::OkStatus();
}

absl::Status TooManyWait() {
  return ResourceExhausted(
      "consistent query buffer is full, this may be caused by too many queries and workflow not able to "
      "process query fast enough",
      enums::RESOURCE_EXHAUSTED_CAUSE_BUSY_WORKFLOW, enums::RESOURCE_EXHAUSTED_SCOPE_NAMESPACE);
}

absl::StatusOr<Reply> DispatchOf(const State& state) {
  if (!state.IsOpen() && !CompletedAnyTask(state)) return ClosedUnseen();
  QueryDispatch dispatch{.run_id = state.facts->run_id,
                         .open = state.IsOpen(),
                         .task_queue = state.task_queue,
                         .sticky_queue = {},
                         .sticky_timeout = {},
                         .priority_key = PriorityKeyOf(state)};
  if (state.IsOpen() && state.sticky.has_value() && !state.sticky_lost) {
    dispatch.sticky_queue = state.sticky->name;
    dispatch.sticky_timeout = state.sticky->schedule_to_start_timeout;
  }
  return dispatch;
}

// Nullopt: the worker said nothing that is an answer.
std::optional<absl::StatusOr<Reply>> AnswerOf(const WorkflowQueryResult& result) {
  if (result.answer().ByteSizeLong() > limits::kBlobSize) {
    return InvalidArgument("Blob data size exceeds limit.");
  }
  const bool has_error = !result.error_message().empty();
  if (result.result_type() == enums::QUERY_RESULT_TYPE_ANSWERED && result.has_answer() && !has_error) {
    QueryReply reply;
    *reply.response.mutable_query_result() = result.answer();
    return Reply(std::move(reply));
  }
  if (result.result_type() == enums::QUERY_RESULT_TYPE_FAILED && !result.has_answer() && has_error) {
    return QueryFailed(result.error_message(), result.has_failure() ? &result.failure() : nullptr);
  }
  return std::nullopt;
}

}  // namespace

absl::StatusOr<Reply> Handle(Transition& transition, const Query& query) {
  const State& state = transition.state();
  if (IsRejected(state, query.request.query_reject_condition())) {
    QueryReply reply;
    reply.response.mutable_query_rejected()->set_status(state.status);
    return reply;
  }
  if (absl::Status ready = CheckReady(state, query, transition.now()); !ready.ok()) return ready;
  if (!MustWait(state)) return DispatchOf(state);
  const auto& waiters = transition.context().waiters;
  const auto waiting = std::count_if(waiters.begin(), waiters.end(),
                                     [](const Waiter& waiter) { return QueryOf(waiter) != nullptr; });
  if (static_cast<size_t>(waiting) >= transition.context().settings.limits.buffered_queries) {
    return TooManyWait();
  }
  if (transition.context().token == 0) return Unavailable("a query is asked by a caller who can wait");
  return Waits{};
}

absl::StatusOr<Reply> Handle(Transition& transition, const StartQuery& request) {
  const State& state = transition.state();
  const RunFacts& facts = *state.facts;
  QueryTaskReply reply;
  auto& response = reply.task.response;
  response.mutable_workflow_execution()->set_workflow_id(facts.workflow_id);
  response.mutable_workflow_execution()->set_run_id(facts.run_id.ToString());
  response.mutable_workflow_type()->set_name(state.workflow_type);
  response.set_previous_started_event_id(state.previous_started_event_id);
  response.set_attempt(1);
  response.mutable_workflow_execution_task_queue()->set_name(state.task_queue);
  response.mutable_workflow_execution_task_queue()->set_kind(enums::TASK_QUEUE_KIND_NORMAL);
  // What its pages are asked for by.
  reply.task.token.set_namespace_id(std::string(facts.namespace_id.View()));
  reply.task.token.set_workflow_id(facts.workflow_id);
  reply.task.token.set_run_id(std::string(facts.run_id.View()));
  const bool has_history =
      state.IsOpen() && state.sticky.has_value() && request.polled_queue == state.sticky->name;
  reply.task.history_to = has_history ? 0 : state.next_event_id - 1;
  return reply;
}

void AttachQueries(const Transition& transition, WorkflowTaskReply& task) {
  for (const Waiter& waiter : transition.context().waiters) {
    const Query* const query = QueryOf(waiter);
    if (query == nullptr || transition.HasAnswered(waiter.token)) continue;
    (*task.response.mutable_queries())[query->id] = query->request.query();
  }
}

void AnswerQueries(Transition& transition, const api::RespondWorkflowTaskCompletedRequest& completion) {
  if (completion.query_results().empty()) return;
  for (const Waiter& waiter : transition.context().waiters) {
    const Query* const query = QueryOf(waiter);
    if (query == nullptr) continue;
    const auto result = completion.query_results().find(query->id);
    if (result == completion.query_results().end()) continue;
    if (auto answer = AnswerOf(result->second)) {
      transition.Answer(waiter.token, *std::move(answer));
    }
  }
}

void ReleaseQueries(Transition& transition) {
  if (transition.context().waiters.empty() || MustWait(transition.state())) return;
  for (const Waiter& waiter : transition.context().waiters) {
    if (QueryOf(waiter) == nullptr || transition.HasAnswered(waiter.token)) continue;
    transition.Answer(waiter.token, DispatchOf(transition.state()));
  }
}

}  // namespace perdure::engine::workflow
