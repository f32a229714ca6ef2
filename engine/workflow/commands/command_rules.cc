#include "engine/workflow/commands/command_rules.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status.h"
#include "base/text.h"
#include "engine/workflow/commands/command_table.h"
#include "engine/workflow/commands/names.h"

namespace perdure::engine::workflow {
namespace {

namespace enums = temporal::api::enums::v1;

CommandResult Run(CommandContext& context, const Command& command) {
  const CommandRow* row = FindCommandRow(command.command_type());
  return row == nullptr ? UnsupportedCommand(context, command) : row->run(context, command);
}

bool ClosesRun(enums::CommandType type) {
  const CommandRow* row = FindCommandRow(type);
  return row != nullptr && row->closes_run;
}

}  // namespace

CommandResult UnsupportedCommand(CommandContext& /*context*/, const Command& command) {
  return CommandFailure{.cause = enums::WORKFLOW_TASK_FAILED_CAUSE_FEATURE_DISABLED,
                        .message = absl::StrCat("the command ", ShortName(command.command_type()),
                                                " is not supported by this server yet"),
                        .unsupported = command.command_type()};
}

HistoryEvent NewCommandEvent(const CommandContext& context, const Command& command, EventType type) {
  HistoryEvent event = context.transition.NewEvent(type);
  CopyMetadata(command, event);
  return event;
}

CommandResult RefuseUnhandled(const CommandContext& context) {
  if (!context.has_buffered) return std::nullopt;
  return CommandFailure{enums::WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND, ""};
}

bool IsUnknown(enums::CommandType type) {
  return !enums::CommandType_IsValid(type) || type == enums::COMMAND_TYPE_UNSPECIFIED;
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
    if (IsUnknown(command.command_type())) {
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
