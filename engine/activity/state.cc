#include "engine/activity/state.h"

#include <algorithm>

#include "base/check.h"
#include "base/time.h"

namespace perdure::engine::activity {
namespace {

// REQUIRES: 16 bytes, as check_state.h sees to.
Uuid UuidOf(const std::string& bytes) {
  const std::optional<Uuid> id = Uuid::FromBytes(bytes);
  PERDURE_CHECK(id.has_value(), "ids are 16 bytes");
  return *id;
}

}  // namespace

Uuid RunIdOf(const State& state) { return UuidOf(state.created->run_id()); }

Uuid NamespaceIdOf(const State& state) { return UuidOf(state.created->namespace_id()); }

absl::Time FirstDispatchTime(const State& state) {
  return FromProto(state.created->schedule_time()) + FromProto(OptionsOf(state).start_delay());
}

ActivityView ViewOf(const State& state) {
  const ActivityOptions& options = OptionsOf(state);
  const ActivityAttempt& attempt = state.sections.attempt();
  const ActivityHeartbeatState& heartbeat = state.sections.heartbeat();
  ActivityView view{.timeouts = {.schedule_to_close = FromProto(options.schedule_to_close_timeout()),
                                 .schedule_to_start = FromProto(options.schedule_to_start_timeout()),
                                 .start_to_close = FromProto(options.start_to_close_timeout()),
                                 .heartbeat = FromProto(options.heartbeat_timeout())},
                    .retry_policy = &options.retry_policy(),
                    .begins = FirstDispatchTime(state),
                    .dispatch_time = FromProto(attempt.dispatch_time()),
                    .started_time = {},
                    .last_heartbeat_time = {},
                    .attempt = attempt.number(),
                    .cancel_requested = state.status() == ActivityControl::CANCEL_REQUESTED};
  if (state.AttemptRuns()) view.started_time = FromProto(attempt.started_time());
  if (heartbeat.has_time()) view.last_heartbeat_time = FromProto(heartbeat.time());
  if (heartbeat.has_details()) view.heartbeat_details = &heartbeat.details();
  if (state.sections.failure().has_failure()) view.last_failure = &state.sections.failure().failure();
  // Nobody is to take a paused activity.
  if (state.status() == ActivityControl::PAUSED) view.timeouts.schedule_to_start = absl::ZeroDuration();
  return view;
}

}  // namespace perdure::engine::activity
