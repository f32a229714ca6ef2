// How an activity ends.
#pragma once

#include <optional>

#include "engine/activity/step.h"
#include "temporal/api/activity/v1/message.pb.h"
#include "temporal/api/common/v1/message.pb.h"

namespace perdure::engine::activity {

using temporal::api::activity::v1::ActivityExecutionOutcome;

// REQUIRES: it is open, and `status` is a closed one.
void Close(Step& step, ActivityControl::Status status, ActivityExecutionOutcome outcome);

// As whoever asked for the cancellation is told.
void CloseCanceled(Step& step, const std::optional<temporal::api::common::v1::Payloads>& details);

void CloseTerminated(Step& step, const std::string& reason, const std::string& identity);

}  // namespace perdure::engine::activity
