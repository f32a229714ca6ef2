// A signal to a run, from a client, with or without a start, or another workflow. signal.cc
#pragma once

#include "absl/status/status.h"
#include "engine/workflow/request.h"
#include "engine/workflow/transition.h"
#include "temporal/api/common/v1/message.pb.h"

namespace perdure::engine::workflow {

// INVALID_ARGUMENT when it is over the limit.
absl::Status CheckSignalSize(const temporal::api::common::v1::Payloads& input);
// NOT_FOUND when the run is closed, INVALID_ARGUMENT at its limits, RESOURCE_EXHAUSTED while it is about to
// close.
absl::Status CheckTakesSignal(const State& state, const temporal::api::common::v1::Payloads& input);

HistoryEvent NewSignaled(const Transition& transition);
// The same, of what a client asks for.
HistoryEvent SignaledBy(const api::SignalWorkflowExecutionRequest& request, const Transition& transition);
// REQUIRES: CheckTakesSignal.
void TakeSignal(Transition& transition, HistoryEvent signaled);

}  // namespace perdure::engine::workflow
