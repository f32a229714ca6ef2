// What the requests about updates share. Pure functions over a run's state; what they change goes through the
// transition.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/workflow/commands/command.h"
#include "engine/workflow/request.h"
#include "engine/workflow/transition.h"
#include "temporal/api/enums/v1/update.pb.h"
#include "temporal/api/protocol/v1/message.pb.h"

namespace perdure::engine::workflow {

using Stage = temporal::api::enums::v1::UpdateWorkflowExecutionLifecycleStage;

// Where the update stands, as a caller is told; nullopt when the run does not know it. The outcome of a
// completed one is left to the host (UpdateReply). An accepted one that its closed run left uncompleted has
// failed.
std::optional<UpdateReply> StatusOfUpdate(const State& state, const std::string& update_id);

// Whether the status answers who waits for `wanted`.
bool Reaches(const UpdateReply& status, Stage wanted);

// Adds the answers to those who wait for an update (Context::waiters), by the state after a step and by what
// ended in it.
void AnswerAboutUpdates(const Context& context, const State& state, const std::vector<UpdateEnd>& ends,
                        std::vector<WaiterReply>& answers);

// Takes the update in, unless the run knows it, and sees to a workflow task that brings it to a worker. An
// error: it is refused, and nothing has changed. REQUIRES: the run is open. update.cc
absl::Status AdmitUpdate(Transition& transition, const temporal::api::update::v1::Request& request);

// Gives a worker the updates that wait: from the one at place `from` on. REQUIRES: a workflow task runs.
void AddUpdateMessages(const State& state, size_t from, api::PollWorkflowTaskQueueResponse& response);
// How many of the waiting updates no worker has got; they are the last ones.
size_t UnsentUpdates(const State& state);

// The messages that a completion brings, each to be carried out once: by the command that names it, or after
// all commands. REQUIRES: the request outlives it. update_messages.cc
class UpdateMessages {
 public:
  using Message = temporal::api::protocol::v1::Message;
  explicit UpdateMessages(const google::protobuf::RepeatedPtrField<Message>& messages);

  // Null: there is none, or it was taken before.
  const Message* Take(const std::string& message_id);
  // Those that are left, in their order.
  std::vector<const Message*> TakeRest();

 private:
  std::vector<const Message*> left_;
};

// Carries out what a worker says of an update.
CommandResult HandleUpdateMessage(CommandContext& context,
                                  const temporal::api::protocol::v1::Message& message);
// Updates that the worker of a completed task got and said nothing of are rejected.
void RejectUnprocessed(Transition& transition);
// A task failed because its completion could not be carried out: who waits for an update that was sent with
// it is told.
void AbortSentUpdates(Transition& transition);

// The completion of a speculative task says nothing that history must hold: the task vanishes.
bool LeavesNoTrace(const State& state, const api::RespondWorkflowTaskCompletedRequest& request);

}  // namespace perdure::engine::workflow
