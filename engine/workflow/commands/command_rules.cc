#include "engine/workflow/commands/command_rules.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status.h"
#include "base/text.h"
#include "engine/workflow/commands/names.h"

namespace perdure::engine::workflow {
namespace {

namespace enums = temporal::api::enums::v1;

CommandResult Unsupported(const Command& command) {
  return CommandFailure{enums::WORKFLOW_TASK_FAILED_CAUSE_FEATURE_DISABLED,
                        absl::StrCat("the command ", ShortName(command.command_type()),
                                     " is not supported by this server yet")};
}

CommandResult RefuseMessage(const Command& command) {
  constexpr auto kCause = enums::WORKFLOW_TASK_FAILED_CAUSE_BAD_UPDATE_WORKFLOW_EXECUTION_MESSAGE;
  if (!command.has_protocol_message_command_attributes()) {
    return CommandFailure{kCause, "ProtocolMessageCommandAttributes is not set on ProtocolMessageCommand."};
  }
  return Unsupported(command);
}

CommandResult Run(CommandContext& context, const Command& command) {
  switch (command.command_type()) {
    case enums::COMMAND_TYPE_SCHEDULE_ACTIVITY_TASK:
      return ScheduleActivityTask(context, command);
    case enums::COMMAND_TYPE_REQUEST_CANCEL_ACTIVITY_TASK:
      return RequestCancelActivityTask(context, command);
    case enums::COMMAND_TYPE_START_TIMER:
      return StartTimer(context, command);
    case enums::COMMAND_TYPE_CANCEL_TIMER:
      return CancelTimer(context, command);
    case enums::COMMAND_TYPE_COMPLETE_WORKFLOW_EXECUTION:
      return CompleteWorkflowExecution(context, command);
    case enums::COMMAND_TYPE_FAIL_WORKFLOW_EXECUTION:
      return FailWorkflowExecution(context, command);
    case enums::COMMAND_TYPE_CANCEL_WORKFLOW_EXECUTION:
      return CancelWorkflowExecution(context, command);
    case enums::COMMAND_TYPE_RECORD_MARKER:
      return RecordMarker(context, command);
    case enums::COMMAND_TYPE_MODIFY_WORKFLOW_PROPERTIES:
      return ModifyWorkflowProperties(context, command);
    case enums::COMMAND_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES:
      return UpsertWorkflowSearchAttributes(context, command);
    case enums::COMMAND_TYPE_PROTOCOL_MESSAGE:
      return RefuseMessage(command);
    case enums::COMMAND_TYPE_CONTINUE_AS_NEW_WORKFLOW_EXECUTION:
      return ContinueAsNewWorkflowExecution(context, command);
    case enums::COMMAND_TYPE_START_CHILD_WORKFLOW_EXECUTION:
      return StartChildWorkflowExecution(context, command);
    case enums::COMMAND_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION:
      return SignalExternalWorkflowExecution(context, command);
    case enums::COMMAND_TYPE_REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION:
      return RequestCancelExternalWorkflowExecution(context, command);
    case enums::COMMAND_TYPE_SCHEDULE_NEXUS_OPERATION:
    case enums::COMMAND_TYPE_REQUEST_CANCEL_NEXUS_OPERATION:
    case enums::COMMAND_TYPE_UNSPECIFIED:
    case temporal::api::enums::v1::CommandType_INT_MIN_SENTINEL_DO_NOT_USE_:
    case temporal::api::enums::v1::CommandType_INT_MAX_SENTINEL_DO_NOT_USE_:
      return Unsupported(command);
  }
  return Unsupported(command);
}

bool ClosesRun(enums::CommandType type) {
  return type == enums::COMMAND_TYPE_COMPLETE_WORKFLOW_EXECUTION ||
         type == enums::COMMAND_TYPE_FAIL_WORKFLOW_EXECUTION ||
         type == enums::COMMAND_TYPE_CANCEL_WORKFLOW_EXECUTION ||
         type == enums::COMMAND_TYPE_CONTINUE_AS_NEW_WORKFLOW_EXECUTION;
}

}  // namespace

HistoryEvent NewCommandEvent(const CommandContext& context, const Command& command, EventType type) {
  HistoryEvent event = context.transition.NewEvent(type);
  CopyMetadata(command, event);
  return event;
}

CommandResult RefuseUnhandled(const CommandContext& context) {
  if (!context.has_buffered) return std::nullopt;
  return CommandFailure{enums::WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND, ""};
}

absl::Status CheckSequence(const Commands& commands) {
  const Command* closing = nullptr;
  for (const Command& command : commands) {
    if (closing != nullptr) {
      std::vector<std::string> names;
      for (const Command& each : commands) names.push_back(ShortName(each.command_type()));
      return InvalidArgument(absl::StrCat("invalid command sequence: [", Shown(absl::StrJoin(names, ", ")),
                                          "], command ", ShortName(closing->command_type()),
                                          " must be the last command."));
    }
    if (!enums::CommandType_IsValid(command.command_type()) ||
        command.command_type() == enums::COMMAND_TYPE_UNSPECIFIED) {
      return InvalidArgument(absl::StrCat("unknown command type: ", ShortName(command.command_type())));
    }
    if (ClosesRun(command.command_type())) closing = &command;
  }
  return absl::OkStatus();
}

CommandResult RunCommands(CommandContext& context, const Commands& commands) {
  context.transition.BeginCommands();
  CommandResult result;
  for (const Command& command : commands) {
    result = Run(context, command);
    if (result.has_value()) break;
  }
  context.transition.EndCommands();
  return result;
}

}  // namespace perdure::engine::workflow
