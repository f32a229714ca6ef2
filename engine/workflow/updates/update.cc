// UpdateWorkflowExecution.
#include "absl/strings/str_cat.h"
#include "base/limits.h"
#include "base/status.h"
#include "base/text.h"
#include "engine/workflow/handle.h"
#include "engine/workflow/run/close.h"
#include "engine/workflow/updates/updates.h"
#include "engine/workflow/workflow_tasks/workflow_task.h"
#include "temporal/api/enums/v1/failed_cause.pb.h"

namespace perdure::engine::workflow {
namespace {

namespace enums = temporal::api::enums::v1;

// A run whose workflow task fails again and again would not answer.
constexpr int32_t kFailingAttempt = 3;

absl::Status TooMuchInFlight(std::string_view what) {
  return ResourceExhausted(what, enums::RESOURCE_EXHAUSTED_CAUSE_CONCURRENT_LIMIT,
                           enums::RESOURCE_EXHAUSTED_SCOPE_NAMESPACE);
}

size_t BytesWaiting(const State& state) {
  size_t bytes = 0;
  for (const AdmittedUpdate& update : *state.admitted_updates) {
    bytes += 2 * update.id().size() + update.request->ByteSizeLong();
  }
  return bytes;
}

absl::Status CheckRoom(const State& state, const temporal::api::update::v1::Request& request) {
  if (state.admitted_updates->size() + state.updates_in_flight >= limits::kUpdatesInFlight) {
    return TooMuchInFlight(absl::StrCat("limit on number of concurrent in-flight updates has been reached (",
                                        limits::kUpdatesInFlight, ")"));
  }
  if (state.admitted_updates->size() + state.updates->size() >= limits::kUpdates) {
    return absl::FailedPreconditionError(absl::StrCat(
        "The limit on the total number of distinct updates in this workflow has been reached (",
        limits::kUpdates,
        "). Make sure any duplicate updates share an Update ID so the server can deduplicate them, and "
        "consider rejecting updates that you aren't going to process. You can also Continue-as-New to avoid "
        "this; we recommend you check Continue-as-New Suggested in your Workflow."));
  }
  if (BytesWaiting(state) + request.ByteSizeLong() >= limits::kUpdatesInFlightSize) {
    return TooMuchInFlight(absl::StrCat("limit on total payload size of in-flight updates has been reached (",
                                        limits::kUpdatesInFlightSize, " bytes)"));
  }
  return absl::OkStatus();
}

absl::Status CheckTakesUpdate(const State& state) {
  if (state.workflow_task_attempt >= kFailingAttempt) {
    return WorkflowNotReady(
        "Unable to perform workflow execution update due to Workflow Task in failed state.");
  }
  // It most likely closes with the task that runs.
  if (state.close_attempted && state.workflow_task.running() != nullptr) return WorkflowClosing();
  return absl::OkStatus();
}

Reply AnswerOrWait(const Transition& transition, UpdateReply status, Stage wanted) {
  if (transition.context().token != 0 && !Reaches(status, wanted)) return Waits{};
  return status;
}

}  // namespace

absl::Status AdmitUpdate(Transition& transition, const temporal::api::update::v1::Request& request) {
  const State& state = transition.state();
  if (absl::Status takes = CheckTakesUpdate(state); !takes.ok()) return takes;
  if (!StatusOfUpdate(state, request.meta().update_id()).has_value()) {
    if (absl::Status room = CheckRoom(state, request); !room.ok()) return room;
    transition.AdmitUpdate(request);
  }
  if (UnsentUpdates(state) > 0) ScheduleSpeculativeTask(transition);
  return absl::OkStatus();
}

absl::StatusOr<Reply> Handle(Transition& transition, const Update& update) {
  const State& state = transition.state();
  const api::UpdateWorkflowExecutionRequest& request = update.request;
  if (absl::Status chain = CheckChain(state, request.first_execution_run_id()); !chain.ok()) return chain;
  if (state.IsOpen()) {
    if (absl::Status admitted = AdmitUpdate(transition, request.request()); !admitted.ok()) return admitted;
  }
  std::optional<UpdateReply> status = StatusOfUpdate(state, request.request().meta().update_id());
  if (!status.has_value()) return CheckOpen(state);
  return AnswerOrWait(transition, *std::move(status), request.wait_policy().lifecycle_stage());
}

absl::StatusOr<Reply> Handle(Transition& transition, const PollUpdate& poll) {
  const std::string& id = poll.request.update_ref().update_id();
  std::optional<UpdateReply> status = StatusOfUpdate(transition.state(), id);
  if (!status.has_value()) return NotFound(absl::StrCat("update \"", Shown(id), "\" not found"));
  return AnswerOrWait(transition, *std::move(status), poll.request.wait_policy().lifecycle_stage());
}

}  // namespace perdure::engine::workflow
