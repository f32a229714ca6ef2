// The working object of one Decide: hands out the sections of the state that are to be changed, and makes the
// record that carries them. Rules in this folder change state through it alone, so that what is decided and
// what is folded cannot differ.
//
// Not thread-safe; lives for one Decide.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "engine/activity/happenings.h"
#include "engine/activity/state.h"
#include "engine/entity.h"

namespace perdure::engine::activity {

class Step {
 public:
  Step(State state, const Context& context) : state_(std::move(state)), context_(context) {}

  const State& state() const { return state_; }
  const Context& context() const { return context_; }
  absl::Time now() const { return context_.now; }

  // What is fixed at the start. REQUIRES: the state has none.
  void Create(ActivityCreated created);

  // Each is the state's own section, to be changed: the whole of it goes into the record.
  ActivityControl& control() { return *Touch(kControl).mutable_control(); }
  ActivityAttempt& attempt() { return *Touch(kAttempt).mutable_attempt(); }
  ActivityFailure& failure() { return *Touch(kFailure).mutable_failure(); }
  ActivityHeartbeatState& heartbeat() { return *Touch(kHeartbeat).mutable_heartbeat(); }
  ActivityOptions& options();
  ActivityLinks& links() { return *Touch(kLinks).mutable_links(); }
  ActivityEnd& end() { return *Touch(kEnd).mutable_end(); }

  // What whoever counts or logs the activity is told, once the step ends.
  void Say(ActivityHappening happening) { happenings_.push_back(happening); }

  struct Result {
    State state;
    std::vector<Record> records;  // one, or none when nothing was touched
    std::vector<ActivityHappening> happenings = {};
  };
  Result Finish() &&;

 private:
  enum Section { kControl, kAttempt, kFailure, kHeartbeat, kOptions, kLinks, kEnd, kSections };

  ActivitySections& Touch(Section section) {
    touched_.at(section) = true;
    return state_.sections;
  }
  ActivitySections Touched() const;

  State state_;
  const Context& context_;
  bool created_ = false;
  std::array<bool, kSections> touched_ = {};
  std::vector<ActivityHappening> happenings_;
};

}  // namespace perdure::engine::activity
