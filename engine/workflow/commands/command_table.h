// What is to be known of each command, a row each: who carries it out, and what others ask of it. A command
// is added here, and nowhere else is switched over commands for these questions.
//
// Constant; safe from any thread.
#pragma once

#include <span>
#include <string_view>

#include "engine/workflow/commands/command.h"
#include "temporal/api/enums/v1/command_type.pb.h"

namespace perdure::engine::workflow {

struct CommandRow {
  temporal::api::enums::v1::CommandType type;
  CommandResult (*run)(CommandContext& context, const Command& command);
  // The run ends with it: it is the last one of its completion.
  bool closes_run = false;
  // It counts as an action of its namespace, as the real server counts them.
  bool is_action = false;
  // The counter of such commands in completions that were taken; empty: they have none of their own.
  std::string_view counter = {};
};

std::span<const CommandRow> CommandRows();

// Null for a type that this release does not know.
const CommandRow* FindCommandRow(temporal::api::enums::v1::CommandType type);

}  // namespace perdure::engine::workflow
