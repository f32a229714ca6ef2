// Which of a workflow's commands Temporal counts as actions.
// Pure functions; safe anywhere.
#pragma once

#include "google/protobuf/repeated_ptr_field.h"
#include "server/frontend/call.h"
#include "temporal/api/command/v1/message.pb.h"

namespace perdure::server {

// Notes the actions of a workflow task's completion on its call.
void NoteCommands(Call& call,
                  const google::protobuf::RepeatedPtrField<temporal::api::command::v1::Command>& commands);

}  // namespace perdure::server
