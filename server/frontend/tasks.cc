#include "server/frontend/tasks.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "server/activities/activity_history.h"
#include "server/frontend/namespaces.h"
#include "temporal/api/common/v1/message.pb.h"

namespace perdure::server {

using engine::workflow::ActivityTaskReply;
using engine::workflow::WorkflowTaskReply;
using engine::workflow::api::PollActivityTaskQueueResponse;
using engine::workflow::api::PollWorkflowTaskQueueResponse;

namespace {

// The shards may be moving: then nothing is decided, or its outcome is unknown.
constexpr absl::Duration kFirstReturnWait = absl::Milliseconds(50);
constexpr absl::Duration kLongestReturnWait = absl::Seconds(5);
constexpr absl::Duration kReturnTime = absl::Minutes(1);

// Gives the start of an attempt back. Kept alive by its call and its timer.
class StartReturn : public std::enable_shared_from_this<StartReturn> {
 public:
  StartReturn(Frontend& frontend, TaskToken token)
      : executor_(frontend.executor),
        history_(frontend.history),
        token_(std::move(token)),
        until_(executor_.Monotonic() + kReturnTime) {}

  void Ask() {
    auto answered = [self = shared_from_this()](const auto& reply) { self->OnAnswer(reply.status()); };
    if (token_.kind() == engine::activity::kActivityKind) {
      ActivityHistory(history_.entities())
          .Execute(RunOf(token_), engine::activity::ReturnTask{token_}, std::move(answered));
    } else {
      history_.Execute(RunOf(token_), engine::workflow::ReturnActivityTask{token_}, std::move(answered));
    }
  }

 private:
  void OnAnswer(const absl::Status& status) {
    const bool undecided = absl::IsUnavailable(status) || absl::IsResourceExhausted(status);
    if (!undecided || executor_.Monotonic() >= until_) return;
    executor_.Post([self = shared_from_this()] {
      const absl::Duration wait = self->wait_;
      self->wait_ = std::min(2 * wait, kLongestReturnWait);
      self->executor_.RunAfter(wait, [self] { self->Ask(); });
    });
  }

  Executor& executor_;
  const WorkflowHistory history_;
  const TaskToken token_;
  const absl::Duration until_;
  absl::Duration wait_ = kFirstReturnWait;  // the executor's only
};

}  // namespace

namespace {

// `task` has its task token.
ReplyBytes WithHistory(const TokenSealer& tokens, WorkflowTaskReply task) {
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

}  // namespace

ReplyBytes WorkflowTaskBytes(const TokenSealer& tokens, WorkflowTaskReply task) {
  task.response.set_task_token(tokens.Seal(TokenKind::kTask, task.token));
  return WithHistory(tokens, std::move(task));
}

ReplyBytes QueryTaskBytes(const TokenSealer& tokens, PolledQuery query) {
  query.task.response.set_task_token(tokens.Seal(TokenKind::kQueryTask, query.token));
  return WithHistory(tokens, std::move(query.task));
}

PollActivityTaskQueueResponse ActivityTaskResponse(const TokenSealer& tokens, ActivityTaskReply task) {
  task.response.set_task_token(tokens.Seal(TokenKind::kTask, task.token));
  return std::move(task.response);
}

void ReturnIfClientIsGone(Call& call, Frontend& frontend, const TaskToken& token) {
  if (call.ClientIsGone()) std::make_shared<StartReturn>(frontend, token)->Ask();
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
