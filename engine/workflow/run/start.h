// What the parts of StartWorkflowExecution share, and of SignalWithStartWorkflowExecution.
#pragma once

#include "absl/status/status.h"
#include "engine/workflow/transition.h"
#include "engine/workflow/workflow.h"

namespace perdure::engine::workflow {

// start_validation.cc: refuses what this server does not do yet (UNIMPLEMENTED, by name) and what is too
// large, and fills in and cuts the timeouts.
absl::Status NormalizeStart(StartRequest& start);

// start_new_run.cc: the records and state of a new run, and its reply. `request` is normalized. `before`: the
// closed run that has the id; null: none.
StartDecision StartNewRun(const StartRequest& request, const State* before, const Context& context);

// The reply that names `state`'s run.
StartReply NewStartReply(const State& state, const NamespaceSettings& settings, bool started);

// True when an open run that has the id is terminated for the new one.
bool EndsOpenRun(const api::StartWorkflowExecutionRequest& request);

// True when the first workflow task goes to whoever starts the run.
bool IsEager(const api::StartWorkflowExecutionRequest& request);

}  // namespace perdure::engine::workflow
