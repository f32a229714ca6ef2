// ResetWorkflowExecution: a run that begins as another one did, its base, up to an event, whose workflow task
// is taken to have failed there. What came to the base and to the runs that continued it comes to the new run
// once more: signals, what became of children, and what became of signals and cancels of other workflows that
// had been sent. The rules are the real server's, but for what docs/decisions/0033-a-reset-run.md says.
//
// Pure functions of their arguments; errors are gRPC statuses in the real server's words.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "base/ids.h"
#include "engine/entity.h"
#include "engine/workflow/request.h"
#include "engine/workflow/state.h"
#include "engine/workflow/transition.h"

namespace perdure::engine::workflow {

// Whose event this one of the run's was when the message was minted that it owes: the run's own, or that of
// the run as which it began.
const Uuid& OriginOf(const State& state, int64_t event_id);

// What a run does whose id goes to one that is reset, or that is the base of that.
struct Leaving {
  std::string reason;
  Uuid new_run_id;
  bool is_base = false;
  // Of the base: children of events before this one are the new run's, others nobody's.
  int64_t below_event_id = 0;
};
void LeaveToReset(Transition& transition, const Leaving& leaving);

// A current run whose request id is the request's answers it. `run_id`: of the new run.
absl::StatusOr<Kind::RewindDecision> BeginReset(const State& base, const State* current,
                                                const api::ResetWorkflowExecutionRequest& request,
                                                const Uuid& run_id);

}  // namespace perdure::engine::workflow
