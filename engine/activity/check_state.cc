#include "engine/activity/check_state.h"

#include "base/ids.h"

namespace perdure::engine::activity {

std::string_view WrongWithState(const State& state) {
  const ActivityCreated& created = *state.created;
  constexpr size_t kIdBytes = sizeof(Uuid::bytes);
  if (created.namespace_id().size() != kIdBytes || created.run_id().size() != kIdBytes) return "its ids";
  if (created.activity_id().empty()) return "it has no activity id";
  if (!ActivityControl::Status_IsValid(state.status()) ||
      state.status() == ActivityControl::STATUS_UNSPECIFIED) {
    return "its status";
  }
  if (state.sections.attempt().number() < 1 || state.sections.attempt().offer() < 1) return "its attempt";
  if (state.AttemptRuns() && !state.sections.attempt().has_started_time())
    return "an attempt without a start";
  if (state.IsOpen() == state.sections.has_end()) return "whether it has ended";
  return {};
}

}  // namespace perdure::engine::activity
