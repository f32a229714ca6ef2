// Commands of a completed workflow task: one .cc each (command_*.cc), called in order by
// complete_workflow_task.cc. A command validates itself against the state and emits its events, or says why
// the workflow task must fail.
#pragma once

#include <optional>
#include <string>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "engine/workflow/transition.h"
#include "temporal/api/command/v1/message.pb.h"
#include "temporal/api/enums/v1/failed_cause.pb.h"

namespace perdure::engine::workflow {

using temporal::api::command::v1::Command;

// Why a workflow task fails (WorkflowTaskFailed) and what its worker is told: INVALID_ARGUMENT with "cause:
// message".
struct CommandFailure {
  temporal::api::enums::v1::WorkflowTaskFailedCause cause;
  std::string message;
  // The run is terminated instead of its task failed (history or payload limits).
  bool terminates_run = false;
  // The completion is refused with this instead, and its workflow task runs on.
  std::optional<absl::Status> refuses_completion = std::nullopt;
  // The command is not built.
  std::optional<temporal::api::enums::v1::CommandType> unsupported = std::nullopt;
};

class UpdateMessages;

// What the commands of one completion share.
struct CommandContext {
  Transition& transition;
  int64_t completed_event_id = 0;  // WorkflowTaskCompleted
  std::string identity;
  // Scheduled activities that the worker asked to get back in the reply (request_eager_execution on its own
  // queue).
  std::vector<int64_t> eager_activities;
  // Events were buffered before the first command, and no CancelTimer has taken the last of them away: the
  // run cannot be closed (UNHANDLED_COMMAND). What commands buffer themselves does not count.
  bool has_buffered = false;
  // Ids of the children that this completion starts.
  absl::flat_hash_set<std::string> initiated_children = {};
  // What the completion says of updates; null: nothing.
  UpdateMessages* messages = nullptr;
};

// What a worker says about a command goes with the event that the command makes.
inline void CopyMetadata(const Command& command, HistoryEvent& event) {
  if (command.has_user_metadata()) *event.mutable_user_metadata() = command.user_metadata();
  *event.mutable_event_group_markers() = command.event_group_markers();
}

using CommandResult = std::optional<CommandFailure>;  // nullopt: done

CommandResult ScheduleActivityTask(CommandContext& context, const Command& command);
CommandResult RequestCancelActivityTask(CommandContext& context, const Command& command);
CommandResult StartTimer(CommandContext& context, const Command& command);
CommandResult CancelTimer(CommandContext& context, const Command& command);
CommandResult CompleteWorkflowExecution(CommandContext& context, const Command& command);
CommandResult FailWorkflowExecution(CommandContext& context, const Command& command);
CommandResult CancelWorkflowExecution(CommandContext& context, const Command& command);
CommandResult ContinueAsNewWorkflowExecution(CommandContext& context, const Command& command);
CommandResult StartChildWorkflowExecution(CommandContext& context, const Command& command);
CommandResult SignalExternalWorkflowExecution(CommandContext& context, const Command& command);
CommandResult RequestCancelExternalWorkflowExecution(CommandContext& context, const Command& command);
CommandResult RecordMarker(CommandContext& context, const Command& command);
CommandResult ModifyWorkflowProperties(CommandContext& context, const Command& command);
CommandResult UpsertWorkflowSearchAttributes(CommandContext& context, const Command& command);
CommandResult ProtocolMessage(CommandContext& context, const Command& command);
// command_rules.cc: of what is not built.
CommandResult UnsupportedCommand(CommandContext& context, const Command& command);

}  // namespace perdure::engine::workflow
