#include "absl/strings/str_cat.h"
#include "base/text.h"
#include "engine/workflow/updates/updates.h"
#include "temporal/api/enums/v1/failed_cause.pb.h"

namespace perdure::engine::workflow {

// The place of a message among the commands.
CommandResult ProtocolMessage(CommandContext& context, const Command& command) {
  constexpr auto kCause =
      temporal::api::enums::v1::WORKFLOW_TASK_FAILED_CAUSE_BAD_UPDATE_WORKFLOW_EXECUTION_MESSAGE;
  if (!command.has_protocol_message_command_attributes()) {
    return CommandFailure{kCause, "ProtocolMessageCommandAttributes is not set on ProtocolMessageCommand."};
  }
  const std::string& id = command.protocol_message_command_attributes().message_id();
  if (id.empty()) return CommandFailure{kCause, "MessageID is not set on ProtocolMessageCommand."};
  const UpdateMessages::Message* const message = context.messages->Take(id);
  if (message != nullptr) return HandleUpdateMessage(context, *message);
  return CommandFailure{kCause,
                        absl::StrCat("ProtocolMessageCommand referenced absent message ID ", Shown(id))};
}

}  // namespace perdure::engine::workflow
