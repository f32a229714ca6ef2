// DecideChildStart: a parent's message begins a run.

#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "engine/workflow/messages/children.h"
#include "engine/workflow/messages/messages.h"
#include "engine/workflow/run/start.h"

namespace perdure::engine::workflow {
namespace {

api::StartWorkflowExecutionRequest RequestOfParent(const perdure::engine::ChildStart& start,
                                                   const NamespaceSettings& settings) {
  const InitiatedChild& initiated =
      start.initiated().start_child_workflow_execution_initiated_event_attributes();
  api::StartWorkflowExecutionRequest request;
  request.set_namespace_(settings.name);
  request.set_workflow_id(initiated.workflow_id());
  *request.mutable_workflow_type() = initiated.workflow_type();
  *request.mutable_task_queue() = initiated.task_queue();
  if (initiated.has_input()) *request.mutable_input() = initiated.input();
  if (initiated.has_header()) *request.mutable_header() = initiated.header();
  if (initiated.has_workflow_execution_timeout()) {
    *request.mutable_workflow_execution_timeout() = initiated.workflow_execution_timeout();
  }
  *request.mutable_workflow_run_timeout() = initiated.workflow_run_timeout();
  *request.mutable_workflow_task_timeout() = initiated.workflow_task_timeout();
  request.set_request_id(start.request_id());
  request.set_workflow_id_reuse_policy(initiated.workflow_id_reuse_policy());
  request.set_workflow_id_conflict_policy(temporal::api::enums::v1::WORKFLOW_ID_CONFLICT_POLICY_FAIL);
  if (initiated.has_retry_policy()) *request.mutable_retry_policy() = initiated.retry_policy();
  request.set_cron_schedule(initiated.cron_schedule());
  if (initiated.has_memo()) *request.mutable_memo() = initiated.memo();
  if (initiated.has_search_attributes()) *request.mutable_search_attributes() = initiated.search_attributes();
  if (start.has_inherited_priority()) *request.mutable_priority() = start.inherited_priority();
  if (start.initiated().has_user_metadata()) {
    *request.mutable_user_metadata() = start.initiated().user_metadata();
  }
  return request;
}

MessageAnswer StartedAnswer(const perdure::engine::ChildStart& start) {
  MessageAnswer answer;
  answer.mutable_done()->mutable_child_started()->set_workflow_type(
      start.initiated().start_child_workflow_execution_initiated_event_attributes().workflow_type().name());
  return answer;
}

MessageAnswer AnswerOfStart(const absl::StatusOr<Reply>& reply, const perdure::engine::ChildStart& start) {
  if (reply.ok()) return StartedAnswer(start);
  if (absl::IsAlreadyExists(reply.status())) return RefusedAnswer(MessageAnswer::Refused::ALREADY_STARTED);
  // What else stands in the way may pass, as the real server sees it.
  return LaterAnswer(limits::kChildStartDelay);
}

// Whether the run is the one that the message begins, or follows on it.
bool IsBegun(const State& state, const Uuid& run_id) {
  return state.facts->run_id == run_id || Uuid::Parse(FirstRunIdOf(state)) == run_id;
}

}  // namespace

perdure::engine::MessageAnswer RepeatedChildStart(const perdure::engine::Message& message) {
  return StartedAnswer(message.child_start());
}

StartDecision DecideChildStart(const State* current, const perdure::engine::Message& message,
                               const Context& context) {
  PERDURE_CHECK(message.has_child_start(), "the message starts a child");
  const perdure::engine::ChildStart& start = message.child_start();
  const std::optional<Uuid> run_id = Uuid::FromBytes(start.run_id());
  PERDURE_CHECK(run_id.has_value(), "a child's run id is minted by its parent");
  if (current != nullptr && IsBegun(*current, *run_id)) {
    return {
        .state = std::nullopt, .records = {}, .current = std::nullopt, .reply = Reply(StartedAnswer(start))};
  }
  const StartRequest request{RequestOfParent(start, context.settings), *run_id, &start};
  StartDecision decision = DecideStart(current, request, context);
  decision.reply = Reply(AnswerOfStart(decision.reply, start));
  return decision;
}

}  // namespace perdure::engine::workflow
