// Every kind of timer that an open run can have, in one closed list: FireTimers and ObligationsOf read it.
#pragma once

#include <array>
#include <optional>

#include "engine/workflow/activities/activity.h"
#include "engine/workflow/timers/deadline.h"
#include "engine/workflow/timers/execution_timers.h"
#include "engine/workflow/timers/user_timers.h"
#include "engine/workflow/workflow_tasks/messages_ride.h"
#include "engine/workflow/workflow_tasks/workflow_task.h"

namespace perdure::engine::workflow {

struct TimerKind {
  std::optional<Deadline> (*next)(const State& state);  // the earliest one
  void (*fire)(Transition& transition);                 // all that are due
};

inline constexpr std::array kTimerKinds = {
    TimerKind{NextExecutionTimer, FireExecutionTimers},
    TimerKind{NextWorkflowTaskTimeout, FireWorkflowTaskTimeouts},
    TimerKind{NextUserTimer, FireUserTimers},
    TimerKind{NextActivityTimeout, FireActivityTimeouts},
    TimerKind{NextRide, FireRide},
};

}  // namespace perdure::engine::workflow
