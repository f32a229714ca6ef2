// What the two forms of an activity's answer, by token and by id, have in common. Each answers the call.
#pragma once

#include <string>
#include <utility>

#include "base/status.h"
#include "server/frontend/activity_requests.h"
#include "server/frontend/handlers/execute.h"
#include "server/frontend/handlers/handlers.h"
#include "server/frontend/validate.h"

namespace perdure::server {

// The token of an activity that is named by its ids. Fails when the request does not name one.
template <typename Request>
absl::StatusOr<TaskToken> TokenById(const Namespace& name_space, const Request& request) {
  if (request.activity_id().empty()) return InvalidArgument("ActivityId is not set on request.");
  absl::Status identity = ValidateIdentity(request.identity());
  if (!identity.ok()) return identity;
  TaskToken token;
  // Without a workflow id, an activity on its own is meant.
  if (request.workflow_id().empty()) token.set_kind(engine::activity::kActivityKind);
  token.set_namespace_id(std::string(name_space.id.View()));
  token.set_workflow_id(request.workflow_id());
  token.set_activity_id(request.activity_id());
  if (!request.run_id().empty()) {
    const auto run_id = Uuid::Parse(request.run_id());
    if (!run_id) return InvalidArgument("RunId is not valid UUID.");
    token.set_run_id(std::string(run_id->View()));
  }
  return token;
}

// The fields that the token form of an answer shares with its ById form.
template <typename ByToken, typename ById>
ByToken ToTokenForm(ById& request) {
  ByToken by_token;
  by_token.set_namespace_(std::move(*request.mutable_namespace_()));
  by_token.set_identity(std::move(*request.mutable_identity()));
  return by_token;
}

inline bool IsOnItsOwn(const TaskToken& token) { return token.kind() == engine::activity::kActivityKind; }

// Of a workflow's activity and of one on its own the requests have the same parts.
template <typename Response, typename OfWorkflow, typename OnItsOwn, typename Request>
void AnswerActivity(Frontend& frontend, CallPtr call, TaskToken token, Request request) {
  RunRef run = RunOf(token);
  if (IsOnItsOwn(token)) {
    return ExecuteOnActivity<Response>(frontend, std::move(call), std::move(run),
                                       OnItsOwn{std::move(token), std::move(request)});
  }
  Execute<Response>(frontend, std::move(call), std::move(run),
                    OfWorkflow{std::move(token), std::move(request)});
}

// `answer` gets the reply of either kind, or its error.
template <typename OfWorkflow, typename OnItsOwn, typename Request, typename Answer>
void ExecuteOnEither(Frontend& frontend, TaskToken token, Request request, Answer answer) {
  RunRef run = RunOf(token);
  if (IsOnItsOwn(token)) {
    ActivityHistory(frontend.history.entities())
        .Execute(std::move(run), OnItsOwn{std::move(token), std::move(request)}, std::move(answer));
  } else {
    frontend.history.Execute(std::move(run), OfWorkflow{std::move(token), std::move(request)},
                             std::move(answer));
  }
}

// The response in a reply of either kind.
inline auto& FailedResponseIn(engine::workflow::Reply& reply) {
  return std::get<engine::workflow::ActivityFailedReply>(reply).response;
}
inline auto& FailedResponseIn(engine::activity::Reply& reply) {
  return std::get<engine::activity::FailedReply>(reply).response;
}
inline auto& HeartbeatResponseIn(engine::workflow::Reply& reply) {
  return std::get<engine::workflow::HeartbeatReply>(reply).response;
}
inline auto& HeartbeatResponseIn(engine::activity::Reply& reply) {
  return std::get<engine::activity::HeartbeatReply>(reply).response;
}

template <typename Response>
void FailActivity(Frontend& frontend, CallPtr call, TaskToken token,
                  api::RespondActivityTaskFailedRequest request) {
  ExecuteOnEither<engine::workflow::FailActivity, engine::activity::Fail>(
      frontend, std::move(token), std::move(request), [call = std::move(call)](auto reply) mutable {
        if (!reply.ok()) return call->Fail(reply.status());
        Response response;
        *response.mutable_failures() = std::move(*FailedResponseIn(*reply).mutable_failures());
        call->Reply(response);
      });
}

template <typename Response>
void HeartbeatActivity(Frontend& frontend, CallPtr call, TaskToken token,
                       api::RecordActivityTaskHeartbeatRequest request) {
  ExecuteOnEither<engine::workflow::HeartbeatActivity, engine::activity::Heartbeat>(
      frontend, std::move(token), std::move(request), [call = std::move(call)](auto reply) mutable {
        if (!reply.ok()) return call->Fail(reply.status());
        const auto& beat = HeartbeatResponseIn(*reply);
        Response response;
        response.set_cancel_requested(beat.cancel_requested());
        response.set_activity_paused(beat.activity_paused());
        response.set_activity_reset(beat.activity_reset());
        call->Reply(response);
      });
}

}  // namespace perdure::server
