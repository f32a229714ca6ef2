#include "server/frontend/actions.h"

#include <algorithm>
#include <string>

#include "base/text.h"
#include "engine/workflow/commands/command_table.h"

namespace perdure::server {
namespace {

namespace enums = temporal::api::enums::v1;

bool IsAction(enums::CommandType type) {
  const engine::workflow::CommandRow* const row = engine::workflow::FindCommandRow(type);
  return row != nullptr && row->is_action;
}

}  // namespace

void NoteCommands(Call& call,
                  const google::protobuf::RepeatedPtrField<temporal::api::command::v1::Command>& commands) {
  for (const auto& command : commands) {
    if (!IsAction(command.command_type())) continue;
    const std::string type =
        "command_" + CamelCase(enums::CommandType_Name(command.command_type()), "COMMAND_TYPE_");
    call.NoteAction(type);
    // A child workflow counts twice.
    if (command.command_type() == enums::COMMAND_TYPE_START_CHILD_WORKFLOW_EXECUTION) {
      call.NoteAction(type + "_Extra");
    }
  }
  // All markers of a task together count once.
  const bool marks = std::any_of(commands.begin(), commands.end(), [](const auto& command) {
    return command.command_type() == enums::COMMAND_TYPE_RECORD_MARKER;
  });
  if (marks) call.NoteAction("command_BatchMarkers");
}

}  // namespace perdure::server
