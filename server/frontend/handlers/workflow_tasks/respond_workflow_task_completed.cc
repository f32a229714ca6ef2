#include "server/frontend/actions.h"
#include "server/frontend/handlers/handlers.h"
#include "server/frontend/tasks.h"
#include "server/frontend/validate.h"

namespace perdure::server {
namespace {

absl::Status Validate(const api::RespondWorkflowTaskCompletedRequest& request) {
  absl::Status valid = ValidateIdentity(request.identity());
  if (!valid.ok()) return valid;
  const auto& sticky = request.sticky_attributes();
  return ValidateWorkerVersion(
      {.build_id = request.worker_version_stamp().build_id(),
       .use_versioning = request.worker_version_stamp().use_versioning(),
       .deployment = request.has_deployment_options() ? &request.deployment_options() : nullptr,
       .queue = sticky.has_worker_task_queue() ? &sticky.worker_task_queue() : nullptr});
}

ReplyBytes ToBytes(const TokenSealer& tokens, engine::workflow::CompletedReply completed) {
  for (auto& activity : completed.eager_activities) {
    *completed.response.add_activity_tasks() = ActivityTaskResponse(tokens, std::move(activity));
  }
  ReplyBytes reply(completed.response);
  if (completed.workflow_task) {
    reply.AppendMessage(api::RespondWorkflowTaskCompletedResponse::kWorkflowTaskFieldNumber,
                        WorkflowTaskBytes(tokens, *std::move(completed.workflow_task)));
  }
  return reply;
}

}  // namespace

void RespondWorkflowTaskCompleted(Frontend& frontend, CallPtr call, NamespacePtr name_space, TaskToken token,
                                  api::RespondWorkflowTaskCompletedRequest request) {
  const absl::Status valid = Validate(request);
  if (!valid.ok()) return call->Fail(valid);
  engine::NameTypesOfUpserts(*name_space->settings.search_attributes, *request.mutable_commands());
  NoteCommands(*call, request.commands());
  RunRef run = RunOf(token);
  frontend.history.Execute(
      std::move(run), engine::workflow::CompleteWorkflowTask{std::move(token), std::move(request)},
      [call = std::move(call), &frontend](absl::StatusOr<engine::workflow::Reply> reply) mutable {
        if (!reply.ok()) return call->Fail(reply.status());
        auto& completed = std::get<engine::workflow::CompletedReply>(*reply);
        for (const auto& activity : completed.eager_activities) {
          ReturnIfClientIsGone(*call, frontend, activity.token);
        }
        call->Reply(ToBytes(frontend.tokens, std::move(completed)));
      });
}

}  // namespace perdure::server
