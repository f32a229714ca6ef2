#include "engine/workflow/activities/activity.h"
#include "engine/workflow/handle.h"

namespace perdure::engine::workflow {

absl::StatusOr<Reply> Handle(Transition& transition, const ReturnActivityTask& request) {
  const absl::StatusOr<int64_t> id = LookUpActivity(transition.state(), request.token, LookupMode::kStarted);
  if (!id.ok()) return id.status();
  perdure::engine::Change change;
  change.mutable_activity_start_returned()->set_scheduled_event_id(*id);
  transition.Change(std::move(change));
  return Done{};
}

}  // namespace perdure::engine::workflow
