// What the commands share.
#pragma once

#include <vector>

#include "absl/status/status.h"
#include "base/limits.h"
#include "engine/workflow/commands/command.h"

namespace perdure::engine::workflow {

using Commands = google::protobuf::RepeatedPtrField<Command>;

// A new event with the user metadata of its command.
HistoryEvent NewCommandEvent(const CommandContext& context, const Command& command, EventType type);

// A run does not close over events that no worker has seen.
CommandResult RefuseUnhandled(const CommandContext& context);

// Its kind is one of a newer API, or none.
bool IsUnknown(temporal::api::enums::v1::CommandType type);

// INVALID_ARGUMENT when a command is of no known kind, or follows one that closes the run: such a completion
// is refused as a whole.
absl::Status CheckSequence(const Commands& commands);

// Carries the commands out in order, up to the first that fails.
CommandResult RunCommands(CommandContext& context, const Commands& commands);

}  // namespace perdure::engine::workflow
