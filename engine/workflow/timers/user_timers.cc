#include "engine/workflow/timers/user_timers.h"
#include "engine/workflow/workflow_tasks/workflow_task.h"

#include <algorithm>
#include <tuple>
#include <vector>

namespace perdure::engine::workflow {

void FireUserTimers(Transition& transition) {
  std::vector<Timer> due;
  for (const auto& [timer_id, timer] : *transition.state().timers) {
    if (timer.fires_at <= transition.now()) due.push_back(timer);
  }
  if (due.empty()) return;
  std::sort(due.begin(), due.end(), [](const Timer& a, const Timer& b) {
    return std::tie(a.fires_at, a.started_event_id) < std::tie(b.fires_at, b.started_event_id);
  });
  for (const Timer& timer : due) {
    HistoryEvent event = transition.NewEvent(temporal::api::enums::v1::EVENT_TYPE_TIMER_FIRED);
    auto* attributes = event.mutable_timer_fired_event_attributes();
    attributes->set_timer_id(timer.timer_id);
    attributes->set_started_event_id(timer.started_event_id);
    transition.EmitOrBuffer(std::move(event));
  }
  ScheduleWorkflowTask(transition);
}

std::optional<Deadline> NextUserTimer(const State& state) {
  std::optional<Deadline> next;
  for (const auto& [timer_id, timer] : *state.timers) {
    TakeEarlier({timer.fires_at, timer.started_event_id}, next);
  }
  return next;
}

}  // namespace perdure::engine::workflow
