// Enum values as the real server writes them into error messages.
#pragma once

#include <string>

#include "temporal/api/enums/v1/command_type.pb.h"
#include "temporal/api/enums/v1/failed_cause.pb.h"

namespace perdure::engine::workflow {

// "BadStartTimerAttributes" of WORKFLOW_TASK_FAILED_CAUSE_BAD_START_TIMER_ATTRIBUTES; a number when the value
// has no name.
std::string ShortName(temporal::api::enums::v1::WorkflowTaskFailedCause cause);
// "StartTimer" of COMMAND_TYPE_START_TIMER.
std::string ShortName(temporal::api::enums::v1::CommandType type);

}  // namespace perdure::engine::workflow
