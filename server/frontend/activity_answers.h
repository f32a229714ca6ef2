// What the two forms of an activity's answer, by token and by id, have in common. Each answers the call.
#pragma once

#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/status.h"
#include "base/text.h"
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
  // Without a workflow id, an activity that runs on its own is meant. There are none.
  if (request.workflow_id().empty())
    return NotFound(fmt::format("activity not found for ID: {}", Shown(request.activity_id())));
  TaskToken token;
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

template <typename Response>
void FailActivity(Frontend& frontend, CallPtr call, TaskToken token,
                  api::RespondActivityTaskFailedRequest request) {
  RunRef run = RunOf(token);
  frontend.history.Execute(std::move(run),
                           engine::workflow::FailActivity{std::move(token), std::move(request)},
                           [call = std::move(call)](absl::StatusOr<engine::workflow::Reply> reply) mutable {
                             if (!reply.ok()) return call->Fail(reply.status());
                             Response response;
                             auto& failed = std::get<engine::workflow::ActivityFailedReply>(*reply);
                             *response.mutable_failures() = std::move(*failed.response.mutable_failures());
                             call->Reply(response);
                           });
}

template <typename Response>
void HeartbeatActivity(Frontend& frontend, CallPtr call, TaskToken token,
                       api::RecordActivityTaskHeartbeatRequest request) {
  RunRef run = RunOf(token);
  frontend.history.Execute(std::move(run),
                           engine::workflow::HeartbeatActivity{std::move(token), std::move(request)},
                           [call = std::move(call)](absl::StatusOr<engine::workflow::Reply> reply) mutable {
                             if (!reply.ok()) return call->Fail(reply.status());
                             const auto& beat = std::get<engine::workflow::HeartbeatReply>(*reply).response;
                             Response response;
                             response.set_cancel_requested(beat.cancel_requested());
                             response.set_activity_paused(beat.activity_paused());
                             response.set_activity_reset(beat.activity_reset());
                             call->Reply(response);
                           });
}

}  // namespace perdure::server
