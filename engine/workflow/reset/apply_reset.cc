// What is recorded of deletions and resets: how it is folded, and when it can be true.
#include <algorithm>
#include <memory>
#include <string_view>
#include <utility>

#include "base/time.h"
#include "engine/workflow/fold/apply.h"
#include "engine/workflow/fold/check_record.h"
#include "engine/workflow/messages/inbox.h"

namespace perdure::engine::workflow {
namespace {

using perdure::engine::Change;

// As if the run had been started at `now`, but for what its tasks have waited for already.
void CountTimeoutsFrom(State& state, absl::Time now) {
  const auto& started = state.facts->started->workflow_execution_started_event_attributes();
  const absl::Duration execution = FromProto(started.workflow_execution_timeout());
  const absl::Duration run = FromProto(started.workflow_run_timeout());
  if (execution > absl::ZeroDuration()) state.execution_expires_at = now + execution;
  if (run > absl::ZeroDuration()) {
    state.run_expires_at = now + run;
    if (execution > absl::ZeroDuration()) {
      state.run_expires_at = std::min(*state.run_expires_at, *state.execution_expires_at);
    }
  }
}

void ScheduleAgain(State& state, absl::Time now) {
  for (auto& [id, activity] : state.activities.Mutable()) {
    if (activity->started_event_id != 0) continue;
    auto copy = std::make_shared<Activity>(*activity);
    copy->scheduled_time = now;
    activity = std::move(copy);
  }
}

}  // namespace

void fold_change::RunDeleted(State& state, const Change& change) {
  state.deleted_at = FromProto(change.run_deleted().delete_after());
}

void fold_change::RunReset(State& state, const Change& change) {
  const auto& reset = change.run_reset();
  if (const std::optional<Uuid> new_run = Uuid::FromBytes(reset.new_run_id())) state.reset_run_id = *new_run;
  if (reset.ended()) state.ended_by_reset = true;
  if (reset.hands_on_below() == 0) return;
  // Those of later events are nobody's.
  state.handed_on_below = reset.hands_on_below();
  state.children = {};
}

void fold_change::RunRewound(State& state, const Change& change) {
  const absl::Time now = FromProto(change.time());
  state.facts.Mutable().start_time = now;
  state.reset_request_id = change.run_rewound().request_id();
  state.first_task_not_before.reset();
  CountTimeoutsFrom(state, now);
  if (!state.activities->empty()) ScheduleAgain(state, now);
  for (const auto& received : change.run_rewound().inbox()) {
    if (const auto entry = ReadReceived(received)) state.inbox.Mutable().insert(*entry);
  }
}

std::string_view check_change::RunDeleted(const State& state, const Change& /*change*/) {
  return state.IsOpen() ? "an open run is deleted" : "";
}

std::string_view check_change::RunReset(const State& state, const Change& change) {
  const size_t id = change.run_reset().new_run_id().size();
  if (id != 0 && !Uuid::FromBytes(change.run_reset().new_run_id()).has_value()) return "the id of a run";
  return state.IsOpen() ? "a run that is reset is closed" : "";
}

std::string_view check_change::RunRewound(const State& state, const Change& change) {
  for (const auto& received : change.run_rewound().inbox()) {
    if (!ReadReceived(received).has_value()) return "message received";
  }
  return state.facts->started == nullptr ? "a run that has not begun" : "";
}

}  // namespace perdure::engine::workflow
