#include "server/frontend/tasks.h"

#include <utility>

#include "server/activities/activity_history.h"
#include "server/frontend/namespaces.h"
#include "temporal/api/common/v1/message.pb.h"

namespace perdure::server {

using engine::workflow::ActivityTaskReply;
using engine::workflow::WorkflowTaskReply;
using engine::workflow::api::PollActivityTaskQueueResponse;
using engine::workflow::api::PollWorkflowTaskQueueResponse;

ReplyBytes WorkflowTaskBytes(const TokenSealer& tokens, WorkflowTaskReply task) {
  task.response.set_task_token(tokens.Seal(TokenKind::kTask, task.token));
  if (task.next_page_from != 0) {
    HistoryPageToken page;
    page.set_namespace_id(task.token.namespace_id());
    page.set_workflow_id(task.token.workflow_id());
    page.set_run_id(task.token.run_id());
    page.set_first_event_id(task.next_page_from);
    page.set_next_event_id(task.history_to + 1);
    page.set_run_open(true);
    page.set_workflow_task_started_event_id(task.token.started_event_id());
    task.response.set_next_page_token(tokens.Seal(TokenKind::kHistoryPage, page));
  }
  ReplyBytes history;
  history.Append(std::move(task.history));
  // The events behind the durable ones belong to the last page.
  if (task.next_page_from == 0) history.Append(std::move(task.tail));
  ReplyBytes reply(task.response);
  reply.AppendMessage(PollWorkflowTaskQueueResponse::kHistoryFieldNumber, std::move(history));
  return reply;
}

PollActivityTaskQueueResponse ActivityTaskResponse(const TokenSealer& tokens, ActivityTaskReply task) {
  task.response.set_task_token(tokens.Seal(TokenKind::kTask, task.token));
  return std::move(task.response);
}

void ReturnIfClientIsGone(Call& call, const WorkflowHistory& history, const TaskToken& token) {
  if (!call.ClientIsGone()) return;
  if (token.kind() == engine::activity::kActivityKind) {
    ActivityHistory(history.entities())
        .Execute(RunOf(token), engine::activity::ReturnTask{token},
                 [](const absl::StatusOr<engine::activity::Reply>&) {});
    return;
  }
  history.Execute(RunOf(token), engine::workflow::ReturnActivityTask{token},
                  [](const absl::StatusOr<engine::workflow::Reply>&) {});
}

RunRef RunOf(const TaskToken& token) {
  const Uuid namespace_id = Uuid::FromBytes(token.namespace_id()).value_or(Uuid{});
  const std::optional<Uuid> run_id = Uuid::FromBytes(token.run_id());
  if (token.kind() == engine::activity::kActivityKind) {
    return ActivityRef(namespace_id, token.activity_id(), run_id);
  }
  return {.namespace_id = namespace_id, .id = token.workflow_id(), .run_id = run_id};
}

RunRef RunOf(const Uuid& namespace_id, const temporal::api::common::v1::WorkflowExecution& execution) {
  return {
      .namespace_id = namespace_id, .id = execution.workflow_id(), .run_id = Uuid::Parse(execution.run_id())};
}

}  // namespace perdure::server
