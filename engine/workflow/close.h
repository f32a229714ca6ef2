// How a run ends.
#pragma once

#include "engine/workflow/transition.h"

namespace perdure::engine::workflow {

// Appends the event that closes the run and notes when its rows may go. A running workflow task must have
// ended before. Returns the event's id.
int64_t CloseRun(Transition& transition, HistoryEvent event);

// As the server or a client ends a run: a running workflow task fails first (FORCE_CLOSE_COMMAND), buffered
// events get their ids, then `event` (Terminated, TimedOut) closes the run.
void ForceClose(Transition& transition, HistoryEvent event);

}  // namespace perdure::engine::workflow
