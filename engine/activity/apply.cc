// Apply: folds one stored record.

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/nesting.h"
#include "base/time.h"
#include "engine/activity/activity.h"
#include "engine/activity/check_state.h"

namespace perdure::engine::activity {
namespace {

// Each section that is there replaces the state's.
void Replace(ActivitySections& changed, ActivitySections& sections) {
  if (changed.has_control()) sections.mutable_control()->Swap(changed.mutable_control());
  if (changed.has_attempt()) sections.mutable_attempt()->Swap(changed.mutable_attempt());
  if (changed.has_failure()) sections.mutable_failure()->Swap(changed.mutable_failure());
  if (changed.has_heartbeat()) sections.mutable_heartbeat()->Swap(changed.mutable_heartbeat());
  if (changed.has_options()) sections.mutable_options()->Swap(changed.mutable_options());
  if (changed.has_links()) sections.mutable_links()->Swap(changed.mutable_links());
  if (changed.has_end()) sections.mutable_end()->Swap(changed.mutable_end());
}

absl::Status Damaged(const Record& record, std::string_view what) {
  return absl::DataLossError(
      absl::StrCat("record ", record.sequence, " of an activity: ", std::string(what)));
}

}  // namespace

absl::Status Apply(State& state, const Record& record) {
  if (record.sequence <= state.last_sequence) {
    return Damaged(record, absl::StrCat("follows record ", state.last_sequence));
  }
  if (record.event_count != 0 || !record.events.empty()) return Damaged(record, "an activity has no events");
  ActivityChanges changes;
  if (!ParseStored(record.changes, changes)) return Damaged(record, "its changes cannot be read");
  if (changes.has_created() != (state.created == nullptr)) {
    return Damaged(record, "the first record creates the activity, and no other");
  }
  if (changes.has_created()) {
    state.created = std::make_shared<const ActivityCreated>(std::move(*changes.mutable_created()));
  }
  Replace(*changes.mutable_changed(), state.sections);
  state.last_sequence = record.sequence;
  state.last_step_time = FromProto(changes.time());
  const std::string_view wrong = WrongWithState(state);
  return wrong.empty() ? absl::OkStatus() : Damaged(record, wrong);
}

}  // namespace perdure::engine::activity
