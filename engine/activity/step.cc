#include "engine/activity/step.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/time.h"

namespace perdure::engine::activity {

void Step::Create(ActivityCreated created) {
  PERDURE_CHECK(state_.created == nullptr, "an activity is created once");
  state_.created = std::make_shared<const ActivityCreated>(std::move(created));
  created_ = true;
}

ActivityOptions& Step::options() {
  ActivitySections& sections = Touch(kOptions);
  if (!sections.has_options()) *sections.mutable_options() = state_.created->options();
  return *sections.mutable_options();
}

ActivitySections Step::Touched() const {
  ActivitySections changed;
  const ActivitySections& sections = state_.sections;
  if (touched_.at(kControl)) *changed.mutable_control() = sections.control();
  if (touched_.at(kAttempt)) *changed.mutable_attempt() = sections.attempt();
  if (touched_.at(kFailure)) *changed.mutable_failure() = sections.failure();
  if (touched_.at(kHeartbeat)) *changed.mutable_heartbeat() = sections.heartbeat();
  if (touched_.at(kOptions)) *changed.mutable_options() = sections.options();
  if (touched_.at(kLinks)) *changed.mutable_links() = sections.links();
  if (touched_.at(kEnd)) *changed.mutable_end() = sections.end();
  return changed;
}

Step::Result Step::Finish() && {
  Result result;
  const bool changed = created_ || std::any_of(touched_.begin(), touched_.end(), [](bool is) { return is; });
  if (changed) {
    ActivityChanges changes;
    *changes.mutable_time() = ToProto(context_.now);
    if (created_) *changes.mutable_created() = *state_.created;
    *changes.mutable_changed() = Touched();
    Record record;
    record.first_event_id = 1;  // an activity has no events
    record.changes = changes.SerializeAsString();
    record.sequence = ++state_.last_sequence;
    state_.last_step_time = context_.now;
    result.records.push_back(std::move(record));
  }
  result.state = std::move(state_);
  result.happenings = std::move(happenings_);
  return result;
}

}  // namespace perdure::engine::activity
