// Exactly a start and then an update, which take effect in one step. An error has a status for each of the
// two: one that was not tried, or not wanted without the other, is "aborted".
#include <memory>
#include <utility>

#include "base/status.h"
#include "base/time.h"
#include "engine/workflow/updates/update_with_start.h"
#include "server/frontend/handlers/handlers.h"
#include "server/frontend/handlers/workflows/operations.h"
#include "server/frontend/tasks.h"
#include "server/frontend/update_wait.h"
#include "temporal/api/errordetails/v1/message.pb.h"
#include "temporal/api/failure/v1/message.pb.h"

namespace perdure::server {
namespace {

namespace workflow = engine::workflow;
using Failure = temporal::api::errordetails::v1::MultiOperationExecutionFailure;

absl::Status OperationAborted() {
  return WithDetail(absl::AbortedError("Operation was aborted."),
                    temporal::api::failure::v1::MultiOperationExecutionAborted());
}

void AddStatus(const absl::Status& status, Failure& failure) {
  auto& added = *failure.add_statuses();
  if (status.ok()) return;
  added.set_code(static_cast<int>(status.code()));
  added.set_message(std::string(status.message()));
  status.ForEachPayload([&](absl::string_view type_url, const absl::Cord& detail) {
    auto& any = *added.add_details();
    any.set_type_url(std::string(type_url));
    any.set_value(std::string(detail));
  });
}

struct Outcomes {
  absl::Status start;
  absl::Status update;
};

// The call fails as the first operation that has an error of its own.
absl::Status Failed(const Outcomes& outcomes) {
  Failure failure;
  AddStatus(outcomes.start, failure);
  AddStatus(outcomes.update, failure);
  const bool by_start = !outcomes.start.ok() && !absl::IsAborted(outcomes.start);
  const absl::StatusCode code = (by_start ? outcomes.start : outcomes.update).code();
  return WithDetail(absl::Status(code, "Update-with-Start could not be executed."), failure);
}

absl::Status CheckNamespace(const std::string& named, const NamespacePtr& name_space) {
  if (named.empty() || named == name_space->settings.name) return absl::OkStatus();
  return InvalidArgument("Operation namespace did not match request's namespace.");
}

absl::Status CheckStart(Frontend& frontend, const NamespacePtr& name_space,
                        api::StartWorkflowExecutionRequest& start) {
  absl::Status valid = CheckNamespace(start.namespace_(), name_space);
  if (valid.ok()) valid = NormalizeStart(frontend, *name_space->settings.search_attributes, start);
  if (valid.ok() && start.namespace_().empty()) valid = NamespaceNotFound("");
  if (!valid.ok()) return valid;
  if (!start.cron_schedule().empty()) return InvalidArgument("CronSchedule is not allowed.");
  if (start.request_eager_execution()) return InvalidArgument("RequestEagerExecution is not supported.");
  if (FromProto(start.workflow_start_delay()) > absl::ZeroDuration()) {
    return InvalidArgument("WorkflowStartDelay is not supported.");
  }
  return absl::OkStatus();
}

absl::Status CheckUpdate(Frontend& frontend, const NamespacePtr& name_space,
                         api::UpdateWorkflowExecutionRequest& update) {
  absl::Status valid = CheckNamespace(update.namespace_(), name_space);
  if (valid.ok()) valid = NormalizeUpdate(update, frontend.ids);
  if (!valid.ok()) return valid;
  if (!update.first_execution_run_id().empty()) {
    return InvalidArgument("FirstExecutionRunId is not allowed.");
  }
  if (!update.workflow_execution().run_id().empty()) return InvalidArgument("RunId is not allowed.");
  return absl::OkStatus();
}

// Kept alive by the callback of the question under way.
class UpdateWithStartCall : public std::enable_shared_from_this<UpdateWithStartCall> {
 public:
  UpdateWithStartCall(Frontend& frontend, NamespacePtr name_space, api::StartWorkflowExecutionRequest start,
                      api::UpdateWorkflowExecutionRequest update)
      : frontend_(frontend),
        name_space_(std::move(name_space)),
        start_(std::move(start)),
        update_(std::move(update)) {}

  void Begin(CallPtr call) {
    frontend_.history.UpdateWithStart(name_space_->id, start_, update_,
                                      [self = shared_from_this(), call = std::move(call)](
                                          absl::StatusOr<workflow::StartReply> started) mutable {
                                        self->OnStarted(std::move(call), std::move(started));
                                      });
  }

 private:
  void OnStarted(CallPtr call, absl::StatusOr<workflow::StartReply> started) {
    if (!started.ok()) {
      absl::Status why = started.status();
      const bool of_update = workflow::TakeOfUpdate(why);
      if (of_update) return call->Fail(Failed({.start = OperationAborted(), .update = std::move(why)}));
      return call->Fail(Failed({.start = std::move(why), .update = OperationAborted()}));
    }
    started_ = std::move(started->response);
    if (started_.started()) call->NoteAction("grpc_StartWorkflowExecution");
    api::UpdateWorkflowExecutionRequest update = update_;
    update.mutable_workflow_execution()->set_run_id(started_.run_id());
    RunRef run = RunOf(name_space_->id, update.workflow_execution());
    // The run knows the update, unless it has lost its memory meanwhile: then it takes it in once more.
    WaitForUpdate(
        frontend_, std::move(call), std::move(run), workflow::Update{std::move(update)},
        [self = shared_from_this()](CallPtr answered, const workflow::UpdateReply& status) {
          self->Answer(std::move(answered), status);
        },
        [self = shared_from_this()](CallPtr failed, absl::Status why) {
          self->OnUpdateFailed(std::move(failed), std::move(why));
        });
  }

  void Answer(CallPtr call, const workflow::UpdateReply& status) const {
    api::ExecuteMultiOperationResponse response;
    *response.add_responses()->mutable_start_workflow() = started_;
    auto& updated = *response.add_responses()->mutable_update_workflow();
    updated = UpdateResponse(status, name_space_->settings.name, update_.request().request_id());
    // As the real server answers for an update that had completed before.
    if (!started_.has_link()) updated.clear_link();
    call->Reply(response);
  }

  // A run that closes over the update did not start for it: once it is tried anew, then by the client.
  void OnUpdateFailed(CallPtr call, absl::Status why) {
    if (started_.started()) {
      return call->Fail(Failed({.start = absl::OkStatus(), .update = std::move(why)}));
    }
    const bool by_close = absl::IsNotFound(why);
    if (by_close && !std::exchange(tried_anew_, true)) return Begin(std::move(call));
    if (by_close) why = absl::AbortedError(why.message());
    call->Fail(Failed({.start = OperationAborted(), .update = std::move(why)}));
  }

  Frontend& frontend_;
  const NamespacePtr name_space_;
  const api::StartWorkflowExecutionRequest start_;
  const api::UpdateWorkflowExecutionRequest update_;
  api::StartWorkflowExecutionResponse started_;
  bool tried_anew_ = false;
};

}  // namespace

void ExecuteMultiOperation(Frontend& frontend, CallPtr call, NamespacePtr name_space,
                           api::ExecuteMultiOperationRequest request) {
  auto& operations = *request.mutable_operations();
  if (operations.size() != 2 || !operations[0].has_start_workflow() || !operations[1].has_update_workflow()) {
    return call->Fail(InvalidArgument("Operations have to be exactly [Start, Update]."));
  }
  api::StartWorkflowExecutionRequest& start = *operations[0].mutable_start_workflow();
  api::UpdateWorkflowExecutionRequest& update = *operations[1].mutable_update_workflow();
  const absl::Status start_valid = CheckStart(frontend, name_space, start);
  absl::Status update_valid = CheckUpdate(frontend, name_space, update);
  if (start_valid.ok() && update_valid.ok() &&
      start.workflow_id() != update.workflow_execution().workflow_id()) {
    update_valid = InvalidArgument("WorkflowId is not consistent with previous operation(s).");
  }
  if (!start_valid.ok() || !update_valid.ok()) {
    return call->Fail(Failed({.start = start_valid.ok() ? OperationAborted() : start_valid,
                              .update = update_valid.ok() ? OperationAborted() : update_valid}));
  }
  std::make_shared<UpdateWithStartCall>(frontend, std::move(name_space), std::move(start), std::move(update))
      ->Begin(std::move(call));
}

}  // namespace perdure::server
