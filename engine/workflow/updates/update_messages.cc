// What a worker says of updates in the completion of a workflow task.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/limits.h"
#include "base/status.h"
#include "base/text.h"
#include "engine/workflow/commands/names.h"
#include "engine/workflow/updates/updates.h"
#include "google/protobuf/any.pb.h"
#include "temporal/api/enums/v1/failed_cause.pb.h"

namespace perdure::engine::workflow {
namespace {

namespace enums = temporal::api::enums::v1;
namespace update = temporal::api::update::v1;
using temporal::api::protocol::v1::Message;

constexpr std::string_view kProtocol = "temporal.api.update.v1";

CommandResult Bad(std::string_view why) {
  return CommandFailure{enums::WORKFLOW_TASK_FAILED_CAUSE_BAD_UPDATE_WORKFLOW_EXECUTION_MESSAGE,
                        std::string(why)};
}

CommandResult RefuseCompletion(std::string_view why) {
  CommandFailure failure{enums::WORKFLOW_TASK_FAILED_CAUSE_BAD_UPDATE_WORKFLOW_EXECUTION_MESSAGE, ""};
  failure.refuses_completion = InvalidArgument(why);
  return failure;
}

// The full name of the message in `body`.
std::string_view NameOfBody(const google::protobuf::Any& body) {
  const std::string_view url = body.type_url();
  const size_t slash = url.rfind('/');
  return slash == std::string_view::npos ? url : url.substr(slash + 1);
}

const AdmittedUpdate* FindAdmitted(const State& state, const std::string& id) {
  const auto& waiting = *state.admitted_updates;
  const auto found =
      std::find_if(waiting.begin(), waiting.end(), [&](const AdmittedUpdate& one) { return one.id() == id; });
  return found == waiting.end() ? nullptr : &*found;
}

const RecordedUpdate* FindRecorded(const State& state, const std::string& id) {
  const auto found = state.updates->find(id);
  return found == state.updates->end() ? nullptr : &found->second;
}

// As the real server calls it. `since`: the WorkflowTaskCompleted of the task that speaks.
const char* StateName(const State& state, const std::string& id, int64_t since) {
  if (const AdmittedUpdate* admitted = FindAdmitted(state, id)) return admitted->sent ? "Sent" : "Admitted";
  const RecordedUpdate* recorded = FindRecorded(state, id);
  if (recorded == nullptr) return "ProvisionallyCompleted";
  if (recorded->accepted_event_id == 0) return "Admitted";
  const bool just_now = std::max(recorded->accepted_event_id, recorded->completed_event_id) > since;
  if (recorded->IsInFlight()) return just_now ? "ProvisionallyAccepted" : "Accepted";
  return just_now ? "ProvisionallyCompleted" : "Completed";
}

// A message about one update.
struct Said {
  CommandContext& context;
  const std::string& id;

  const State& state() const { return context.transition.state(); }
  CommandResult WrongState(const char* message) const {
    return Bad(absl::StrCat("invalid state transition attempted for Update ", Shown(id),
                            ": received *update.", message, " message while in state ",
                            StateName(state(), id, context.completed_event_id)));
  }
  // It waits for what a worker says of it.
  bool Waits() const {
    if (FindAdmitted(state(), id) != nullptr) return true;
    const RecordedUpdate* const recorded = FindRecorded(state(), id);
    return recorded != nullptr && recorded->accepted_event_id == 0;
  }
};

CommandResult Accept(const Said& said, const update::Acceptance& acceptance) {
  if (!said.Waits()) return said.WrongState("Acceptance");
  if (acceptance.accepted_request_sequencing_event_id() == 0) {
    return Bad("invalid *update.Acceptance: accepted_request_sequencing_event_id is not set");
  }
  if (acceptance.accepted_request_message_id().empty()) {
    return Bad("invalid *update.Acceptance: accepted_request_message_id is not set");
  }
  Transition& transition = said.context.transition;
  HistoryEvent event = transition.NewEvent(enums::EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED);
  auto& accepted = *event.mutable_workflow_execution_update_accepted_event_attributes();
  accepted.set_protocol_instance_id(said.id);
  accepted.set_accepted_request_message_id(absl::StrCat(said.id, "/request"));
  accepted.set_accepted_request_sequencing_event_id(acceptance.accepted_request_sequencing_event_id());
  // One that a reset took over stands in the event that admitted it.
  if (const AdmittedUpdate* admitted = FindAdmitted(said.state(), said.id)) {
    *accepted.mutable_accepted_request() = *admitted->request;
  }
  transition.Emit(std::move(event));
  transition.Say(OfUpdate{OfUpdate::What::kAccepted});
  return std::nullopt;
}

CommandResult Reject(const Said& said, const update::Rejection& rejection) {
  if (!said.Waits()) return said.WrongState("Rejection");
  said.context.transition.EndUpdate({said.id, rejection.failure()});
  said.context.transition.Say(OfUpdate{OfUpdate::What::kRejected});
  return std::nullopt;
}

CommandResult Complete(const Said& said, const update::Response& response) {
  const RecordedUpdate* const recorded = FindRecorded(said.state(), said.id);
  if (recorded == nullptr || recorded->accepted_event_id == 0 || !recorded->IsInFlight()) {
    return said.WrongState("Response");
  }
  if (!response.has_meta()) return Bad("invalid *update.Response: meta is not set");
  const std::string& meta_id = response.meta().update_id();
  if (meta_id.empty()) return Bad("invalid *update.Response: meta.update_id is not set");
  if (meta_id != said.id) {
    return Bad(absl::StrCat("invalid *update.Response: meta.update_id != ", Shown(said.id)));
  }
  if (!response.has_outcome()) return Bad("invalid *update.Response: outcome is not set");
  Transition& transition = said.context.transition;
  HistoryEvent event = transition.NewEvent(enums::EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_COMPLETED);
  auto& completed = *event.mutable_workflow_execution_update_completed_event_attributes();
  *completed.mutable_meta() = response.meta();
  *completed.mutable_outcome() = response.outcome();
  completed.set_accepted_event_id(recorded->accepted_event_id);
  transition.Emit(std::move(event));
  transition.Say(OfUpdate{OfUpdate::What::kCompleted});
  return std::nullopt;
}

// Those that came with the task, by its messages or its history, and wait.
std::vector<std::string> UpdatesOfCompletedTask(const State& state) {
  std::vector<std::string> ids;
  for (const AdmittedUpdate& update : *state.admitted_updates) {
    if (update.sent) ids.push_back(update.id());
  }
  if (state.updates_in_flight == 0) return ids;
  for (const auto& [id, update] : *state.updates) {
    const bool waits = update.accepted_event_id == 0;
    if (waits && update.admitted_event_id < state.previous_started_event_id) ids.push_back(id);
  }
  return ids;
}

// An update that memory has lost comes back by what its worker repeats of it. False: the message repeats
// nothing.
bool Resurrect(Transition& transition, const std::string& id, const google::protobuf::Any& body) {
  update::Request request;
  if (update::Acceptance acceptance; body.Is<update::Acceptance>() && body.UnpackTo(&acceptance)) {
    if (!acceptance.has_accepted_request()) return false;
    request = std::move(*acceptance.mutable_accepted_request());
  } else if (update::Rejection rejection; body.Is<update::Rejection>() && body.UnpackTo(&rejection)) {
    if (!rejection.has_rejected_request()) return false;
    request = std::move(*rejection.mutable_rejected_request());
  } else {
    return false;
  }
  request.mutable_meta()->set_update_id(id);
  transition.AdmitUpdate(request);
  return true;
}

CommandResult Deliver(const Said& said, const google::protobuf::Any& body) {
  // A closed run takes nothing but rejections, which make no event: what else waits ends with the run.
  if (!said.state().IsOpen() && !body.Is<update::Rejection>()) return std::nullopt;
  if (update::Acceptance acceptance; body.Is<update::Acceptance>() && body.UnpackTo(&acceptance)) {
    return Accept(said, acceptance);
  }
  if (update::Rejection rejection; body.Is<update::Rejection>() && body.UnpackTo(&rejection)) {
    return Reject(said, rejection);
  }
  if (update::Response response; body.Is<update::Response>() && body.UnpackTo(&response)) {
    return Complete(said, response);
  }
  const std::string type(NameOfBody(body).substr(kProtocol.size() + 1));
  const bool known = type == "Acceptance" || type == "Rejection" || type == "Response";
  if (known || update::Request::descriptor()->file()->FindMessageTypeByName(type) == nullptr) {
    return Bad("unable to unmarshal request: proto: not found");
  }
  return Bad(absl::StrCat("Message type *update.", type, " not supported"));
}

}  // namespace

UpdateMessages::UpdateMessages(const google::protobuf::RepeatedPtrField<Message>& messages) {
  left_.reserve(static_cast<size_t>(messages.size()));
  for (const Message& message : messages) left_.push_back(&message);
}

const Message* UpdateMessages::Take(const std::string& message_id) {
  const auto found = std::find_if(left_.begin(), left_.end(),
                                  [&](const Message* message) { return message->id() == message_id; });
  if (found == left_.end()) return nullptr;
  const Message* const message = *found;
  left_.erase(found);
  return message;
}

std::vector<const Message*> UpdateMessages::TakeRest() { return std::exchange(left_, {}); }

CommandResult HandleUpdateMessage(CommandContext& context, const Message& message) {
  if (!message.has_body()) return RefuseCompletion("nil message body");
  const std::string_view name = NameOfBody(message.body());
  if (name.empty()) return RefuseCompletion("no message name specified");
  const size_t dot = name.rfind('.');
  if (dot == std::string_view::npos) {
    return RefuseCompletion(
        absl::StrCat("failed to extract protocol type: no . found in \"", Shown(name), "\""));
  }
  if (message.body().ByteSizeLong() > limits::kBlobSize) {
    CommandResult too_large = Bad(absl::StrCat("Message type ", Shown(name), " exceeds size limit."));
    too_large->terminates_run = true;
    return too_large;
  }
  const std::string_view protocol = name.substr(0, dot);
  if (protocol != kProtocol) return Bad(absl::StrCat("unsupported protocol type ", Shown(protocol)));

  const std::string& id = message.protocol_instance_id();
  Transition& transition = context.transition;
  const bool known = StatusOfUpdate(transition.state(), id).has_value();
  if (!known && !Resurrect(transition, id, message.body())) {
    return Bad(
        absl::StrCat("update ", Shown(id),
                     " wasn't found on the server. This is most likely a transient error which will be "
                     "resolved automatically by retries"));
  }
  return Deliver({context, id}, message.body());
}

void RejectUnprocessed(Transition& transition) {
  temporal::api::failure::v1::Failure failure;
  failure.set_message(
      "Workflow Update is rejected because it wasn't processed by worker. Probably, Workflow Update is not "
      "supported by the worker.");
  failure.set_source("Server");
  failure.mutable_application_failure_info()->set_type("UnprocessedUpdate");
  failure.mutable_application_failure_info()->set_non_retryable(true);
  for (const std::string& id : UpdatesOfCompletedTask(transition.state())) {
    transition.EndUpdate({id, failure});
    transition.Say(OfUpdate{OfUpdate::What::kRejected});
  }
}

void AbortSentUpdates(Transition& transition) {
  const std::vector<AdmittedUpdate> waiting = *transition.state().admitted_updates;
  for (const AdmittedUpdate& update : waiting) {
    if (!update.sent) continue;
    transition.EndUpdate({update.id(), WorkflowNotReady("Unable to perform workflow execution update due to "
                                                        "unexpected workflow task failure.")});
    transition.Say(OfUpdate{OfUpdate::What::kAborted});
  }
}

bool LeavesNoTrace(const State& state, const api::RespondWorkflowTaskCompletedRequest& request) {
  const WorkflowTask* const task = state.workflow_task.running();
  if (task == nullptr || task->schedule != WorkflowTask::Schedule::kSpeculative) return false;
  if (!request.commands().empty() || request.force_create_new_workflow_task()) return false;
  // A worker that can take back events may have got some with the task: but not too many, or they would be
  // shown to it again and again.
  const int64_t shown = request.capabilities().discard_speculative_workflow_task_with_events()
                            ? limits::kEventsOfDiscardedTask
                            : 0;
  constexpr int64_t kStartedAndCompleted = 2;
  if (state.next_event_id > state.previous_started_event_id + kStartedAndCompleted + shown) return false;
  return std::all_of(request.messages().begin(), request.messages().end(),
                     [](const Message& message) { return message.body().Is<update::Rejection>(); });
}

}  // namespace perdure::engine::workflow
