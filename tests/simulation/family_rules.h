// What must hold between workflows once all of them have ended: each child is told of once, released only by
// its parent's record, and ended as its parent's close policy says; each signal and cancel of one workflow to
// another took effect once, or was refused, or its sender closed before it heard (then at most once). Looks
// at the stored histories, so that no server's word counts. Holds until retention removes runs, and where no
// commits vanish. Not thread-safe: the simulation is one thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "temporal/api/enums/v1/event_type.pb.h"
#include "temporal/api/history/v1/message.pb.h"
#include "tests/simulation/auditor.h"

namespace perdure::simulation {

class FamilyRules {
 public:
  using History = temporal::api::history::v1::History;

  // From `calm_since` on nothing failed.
  FamilyRules(Auditor& auditor, absl::Time calm_since) : auditor_(auditor), calm_since_(calm_since) {}

  // A worker was shown the history of a run that has done no workflow task: its parent, if it has one, has
  // recorded its start, or is closed. Answers what is broken, or "".
  std::string CheckFirstTask(const History& history);
  // REQUIRES: all workflows have ended and owe nobody anything. Answers what is broken, or nothing.
  std::vector<std::string> CheckAll();

 private:
  using Event = temporal::api::history::v1::HistoryEvent;
  struct Run {
    std::string workflow_id;
    std::string run_id;
    History history;
    const temporal::api::history::v1::WorkflowExecutionStartedEventAttributes& started() const {
      return history.events(0).workflow_execution_started_event_attributes();
    }
    const Event& last() const { return *history.events().rbegin(); }
  };
  // What became of something that a run has initiated.
  struct Outcome {
    std::string started_run;  // of a child
    bool failed = false;
    bool done = false;
    temporal::api::enums::v1::EventType end = temporal::api::enums::v1::EVENT_TYPE_UNSPECIFIED;  // of a child
  };
  using Outcomes = std::map<int64_t, Outcome>;  // by the initiated event

  void ReadAll();
  static Outcomes OutcomesOf(const History& history);
  void CheckChild(const Run& parent, const Event& initiated, const Outcome& outcome);
  void CheckPolicy(const Run& parent, const Event& initiated, const Outcome& outcome,
                   const std::vector<const Run*>& chain);
  // A child that was open when its parent closed hears of it, soon.
  void CheckHeard(const Run& parent, const Event& initiated, const std::vector<const Run*>& chain);
  void CheckEnd(const Run& parent, const Outcome& outcome, const std::vector<const Run*>& chain);
  void CheckSignal(const Run& sender, const Event& initiated, const Outcome& outcome);
  void CheckCancel(const Run& sender, const Event& initiated, const Outcome& outcome);
  void CheckReceived(const Run& receiver);
  void Broken(const Run& run, const std::string& what);

  Auditor& auditor_;
  const absl::Time calm_since_;
  std::map<std::string, Run> runs_;  // by run id
  // (run id of the parent, initiated event): the runs of the chain that it began.
  std::map<std::pair<std::string, int64_t>, std::vector<const Run*>> children_;
  // (run id of the sender, what names its signal or cancel, workflow id that got it): how often.
  std::map<std::tuple<std::string, std::string, std::string>, int> received_;
  std::vector<std::string> broken_;
};

}  // namespace perdure::simulation
