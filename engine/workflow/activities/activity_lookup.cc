#include "base/status.h"
#include "base/text.h"
#include "engine/workflow/activities/activity.h"
#include "fmt/format.h"

namespace perdure::engine::workflow {
namespace {

absl::Status ActivityNotFound() {
  return NotFound("invalid activityID or activity already timed out or invoking workflow is completed");
}

bool TokenIsCurrent(const perdure::server::TaskToken& token, const Activity& activity) {
  if (token.attempt() != activity.attempt) return false;
  return token.start_nonce().empty() || token.start_nonce() == activity.request_id;
}

}  // namespace

const Activity* FindActivity(const State& state, int64_t scheduled_event_id) {
  auto found = state.activities->find(scheduled_event_id);
  return found == state.activities->end() ? nullptr : found->second.get();
}

absl::StatusOr<int64_t> LookUpActivity(const State& state, const perdure::server::TaskToken& token,
                                       LookupMode mode) {
  if (!state.IsOpen()) return NotFound("workflow execution already completed");
  const bool by_id = token.scheduled_event_id() == 0;
  int64_t scheduled_event_id = token.scheduled_event_id();
  if (by_id) {
    if (token.activity_id().empty()) return InvalidArgument("activityID cannot be empty");
    auto found = state.activity_ids->find(token.activity_id());
    if (found == state.activity_ids->end()) {
      return NotFound(
          fmt::format("cannot find pending activity with ActivityID {}, check workflow execution history for "
                      "more details",
                      Shown(token.activity_id())));
    }
    scheduled_event_id = found->second;
  }
  const Activity* activity = FindActivity(state, scheduled_event_id);
  if (activity == nullptr) return ActivityNotFound();
  const bool start_needed = !(by_id && mode == LookupMode::kStartedOrById);
  if (start_needed && !IsStarted(*activity)) return ActivityNotFound();
  if (!by_id && !TokenIsCurrent(token, *activity)) return ActivityNotFound();
  return scheduled_event_id;
}

}  // namespace perdure::engine::workflow
