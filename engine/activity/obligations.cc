#include "base/time.h"
#include "engine/activity/activity.h"

namespace perdure::engine::activity {
namespace {

constexpr int32_t kUsualPriority = 3;

}  // namespace

Obligations ObligationsOf(const State& state) {
  Obligations obligations;
  if (!state.IsOpen()) {
    obligations.next_timer = FromProto(state.sections.end().delete_after());
    return obligations;
  }
  if (state.status() == ActivityControl::SCHEDULED) {
    const ActivityOptions& options = OptionsOf(state);
    const int32_t priority = options.priority().priority_key();
    const ActivityAttempt& attempt = state.sections.attempt();
    obligations.dispatches.push_back({.kind = TaskKind::kActivity,
                                      .task_queue = options.task_queue().name(),
                                      .normal_task_queue = options.task_queue().name(),
                                      .scheduled_event_id = attempt.offer(),
                                      .attempt = attempt.number(),
                                      .scheduled_time = FromProto(attempt.dispatch_time()),
                                      .priority_key = priority != 0 ? priority : kUsualPriority});
  }
  if (const auto first = FirstTimeout(ViewOf(state))) obligations.next_timer = first->at;
  return obligations;
}

}  // namespace perdure::engine::activity
