// Where updates stand, and what who waits for them is answered.
#include <algorithm>
#include <variant>

#include "base/status.h"
#include "engine/workflow/updates/updates.h"
#include "engine/workflow/workflow_entity.h"

namespace perdure::engine::workflow {
namespace {

namespace enums = temporal::api::enums::v1;

constexpr Stage kAdmitted = enums::UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE_ADMITTED;
constexpr Stage kAccepted = enums::UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE_ACCEPTED;
constexpr Stage kCompleted = enums::UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE_COMPLETED;

UpdateReply At(const State& state, const std::string& update_id, Stage stage) {
  UpdateReply status;
  status.response.set_stage(stage);
  auto& ref = *status.response.mutable_update_ref();
  ref.set_update_id(update_id);
  ref.mutable_workflow_execution()->set_workflow_id(state.facts->workflow_id);
  ref.mutable_workflow_execution()->set_run_id(state.facts->run_id.ToString());
  return status;
}

temporal::api::failure::v1::Failure LeftByItsRun() {
  temporal::api::failure::v1::Failure failure;
  failure.set_message("Workflow Update failed because the Workflow completed before the Update completed.");
  failure.set_source("Server");
  failure.mutable_application_failure_info()->set_type("AcceptedUpdateCompletedWorkflow");
  failure.mutable_application_failure_info()->set_non_retryable(true);
  return failure;
}

// What a request about an update waits for.
struct Awaited {
  const std::string& update_id;
  Stage stage;
};

// Nullopt for every other request.
std::optional<Awaited> AwaitedBy(const Request& request) {
  if (const auto* update = std::get_if<Update>(&request)) {
    return Awaited{update->request.request().meta().update_id(),
                   update->request.wait_policy().lifecycle_stage()};
  }
  if (const auto* poll = std::get_if<PollUpdate>(&request)) {
    return Awaited{poll->request.update_ref().update_id(), poll->request.wait_policy().lifecycle_stage()};
  }
  return std::nullopt;
}

// Nullopt: none yet.
std::optional<absl::StatusOr<Reply>> AnswerTo(const Awaited& awaited, const State& state,
                                              const std::vector<UpdateEnd>& ends) {
  const std::string& id = awaited.update_id;
  const auto end =
      std::find_if(ends.begin(), ends.end(), [&](const UpdateEnd& one) { return one.update_id == id; });
  if (end != ends.end()) {
    if (!end->rejection.ok()) return end->rejection.status();
    UpdateReply rejected = At(state, id, kCompleted);
    *rejected.response.mutable_outcome()->mutable_failure() = *end->rejection;
    return Reply(std::move(rejected));
  }
  std::optional<UpdateReply> status = StatusOfUpdate(state, id);
  if (!status.has_value()) return Unavailable("workflow update was aborted");
  if (!Reaches(*status, awaited.stage)) return std::nullopt;
  return Reply(*std::move(status));
}

}  // namespace

std::optional<UpdateReply> StatusOfUpdate(const State& state, const std::string& update_id) {
  const auto recorded = state.updates->find(update_id);
  if (recorded == state.updates->end()) {
    const auto& waiting = *state.admitted_updates;
    const bool admitted = std::any_of(waiting.begin(), waiting.end(),
                                      [&](const AdmittedUpdate& one) { return one.id() == update_id; });
    return admitted ? std::optional(At(state, update_id, kAdmitted)) : std::nullopt;
  }
  const RecordedUpdate& update = recorded->second;
  if (!update.IsInFlight()) {
    UpdateReply completed = At(state, update_id, kCompleted);
    completed.outcome_event_id = update.completed_event_id;
    return completed;
  }
  if (update.accepted_event_id == 0) return At(state, update_id, kAdmitted);
  if (state.IsOpen()) return At(state, update_id, kAccepted);
  UpdateReply failed = At(state, update_id, kCompleted);
  *failed.response.mutable_outcome()->mutable_failure() = LeftByItsRun();
  return failed;
}

bool Reaches(const UpdateReply& status, Stage wanted) {
  if (wanted != kAccepted && wanted != kCompleted) return true;
  return status.response.stage() >= wanted;
}

void AnswerAboutUpdates(const Context& context, const State& state, const std::vector<UpdateEnd>& ends,
                        std::vector<WaiterReply>& answers) {
  for (const Waiter& waiter : context.waiters) {
    const auto* const asked = dynamic_cast<const WorkflowRequest*>(waiter.request);
    if (asked == nullptr) continue;
    const std::optional<Awaited> awaited = AwaitedBy(asked->request());
    if (!awaited.has_value()) continue;
    auto answer = AnswerTo(*awaited, state, ends);
    if (answer.has_value()) answers.push_back({waiter.token, *std::move(answer)});
  }
}

void AddUpdateMessages(const State& state, size_t from, api::PollWorkflowTaskQueueResponse& response) {
  const WorkflowTask& task = *state.workflow_task.running();
  const auto& waiting = *state.admitted_updates;
  for (size_t i = from; i < waiting.size(); ++i) {
    auto& message = *response.add_messages();
    message.set_id(waiting[i].id() + "/request");
    message.set_protocol_instance_id(waiting[i].id());
    message.set_event_id(task.started_event_id - 1);
    message.mutable_body()->PackFrom(*waiting[i].request);
  }
}

size_t UnsentUpdates(const State& state) {
  const auto& waiting = *state.admitted_updates;
  return static_cast<size_t>(std::count_if(waiting.begin(), waiting.end(),
                                           [](const AdmittedUpdate& update) { return !update.sent; }));
}

}  // namespace perdure::engine::workflow
