// State of an activity on its own: what its log folds to. All of it is durable.
//
// Plain values; only Step (step.h) and Apply change them. Not thread-safe.
#pragma once

#include <cstdint>
#include <memory>

#include "absl/time/time.h"
#include "base/ids.h"
#include "engine/activity_rules/activity_rules.h"
#include "perdure/activity_record.pb.h"
#include "temporal/api/activity/v1/message.pb.h"

namespace perdure::engine::activity {

using temporal::api::activity::v1::ActivityOptions;

struct State {
  // What is fixed at the start; shared, never changed. Null before the first record.
  std::shared_ptr<const ActivityCreated> created;
  ActivitySections sections;
  int64_t last_sequence = 0;  // of the last record folded: how many the activity has had
  absl::Time last_step_time;

  ActivityControl::Status status() const { return sections.control().status(); }
  bool IsOpen() const { return status() < ActivityControl::COMPLETED; }
  // A worker has the current attempt.
  bool AttemptRuns() const {
    return status() >= ActivityControl::STARTED && status() <= ActivityControl::RESET_REQUESTED;
  }
};

inline const ActivityOptions& OptionsOf(const State& state) {
  return state.sections.has_options() ? state.sections.options() : state.created->options();
}

// The first attempt's time to be handed out: the start, and its delay.
absl::Time FirstDispatchTime(const State& state);

Uuid RunIdOf(const State& state);
Uuid NamespaceIdOf(const State& state);

// The activity as the rules see it that hold for all activities. Points into `state`.
ActivityView ViewOf(const State& state);

}  // namespace perdure::engine::activity
