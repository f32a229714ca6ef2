#include "server/frontend/actions.h"

#include <algorithm>
#include <string>

#include "base/text.h"

namespace perdure::server {
namespace {

namespace enums = temporal::api::enums::v1;

bool IsAction(enums::CommandType type) {
  switch (type) {
    case enums::COMMAND_TYPE_START_TIMER:
    case enums::COMMAND_TYPE_SCHEDULE_ACTIVITY_TASK:
    case enums::COMMAND_TYPE_START_CHILD_WORKFLOW_EXECUTION:
    case enums::COMMAND_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION:
    case enums::COMMAND_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES:
    case enums::COMMAND_TYPE_MODIFY_WORKFLOW_PROPERTIES:
    case enums::COMMAND_TYPE_CONTINUE_AS_NEW_WORKFLOW_EXECUTION:
    case enums::COMMAND_TYPE_SCHEDULE_NEXUS_OPERATION:
    case enums::COMMAND_TYPE_REQUEST_CANCEL_NEXUS_OPERATION:
      return true;
    default:  // the enum is the API's, and open
      return false;
  }
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
