// How a run ends.
#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "engine/workflow/transition.h"

namespace perdure::engine::workflow {

// Appends the event that closes the run and notes when its rows may go. A running workflow task must have
// ended before. Returns the event's id.
int64_t CloseRun(Transition& transition, HistoryEvent event);

// As the server or a client ends a run: a running workflow task fails first (FORCE_CLOSE_COMMAND), buffered
// events get their ids, then `event` (Terminated, TimedOut) closes the run.
void ForceClose(Transition& transition, HistoryEvent event);

HistoryEvent NewTerminated(const Transition& transition, std::string_view reason, std::string_view identity);

// NOT_FOUND when the run is closed.
absl::Status CheckOpen(const State& state);
// What waits, or is refused, because the run is about to close; asked again, it may come to the next one.
absl::Status WorkflowClosing();
// NOT_FOUND when a client named the first run of a chain that this run is not in.
absl::Status CheckChain(const State& state, std::string_view first_execution_run_id);

}  // namespace perdure::engine::workflow
