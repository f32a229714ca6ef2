// What the clients and workers saw, and the rules that it must keep. A broken rule is kept as text; the first
// one fails the seed. Not thread-safe: the simulation is one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "base/ids.h"
#include "temporal/api/history/v1/message.pb.h"

namespace perdure::simulation {

class Journal {
 public:
  // A worker was handed this attempt. Each is handed out at most once.
  void ActivityHandedOut(const Uuid& run, int64_t scheduled_event_id, int32_t attempt);
  // A worker or reader was shown these events, from event 1 on: ids without a gap, and what was shown before
  // of the same run is a prefix of it (workflow-task starts may be undone by a crash, so the comparison ends
  // before a last WorkflowTaskScheduled or WorkflowTaskStarted).
  void HistoryShown(const Uuid& run, const temporal::api::history::v1::History& history);

  // A worker was shown a workflow task.
  void WorkflowTaskShown(const temporal::api::history::v1::History& history) {
    if (check_task_ && !commits_vanished_) check_task_(history);
  }
  // What is looked at besides, whenever one is.
  void CheckWorkflowTasks(std::function<void(const temporal::api::history::v1::History&)> check) {
    check_task_ = std::move(check);
  }
  // A worker's completion of an activity on its own was accepted: no other one of this run is.
  void LoneCompleted(const Uuid& run, int32_t attempt);
  // The attempt whose completion was accepted; nullopt: none's was.
  std::optional<int32_t> CompletedAttempt(const Uuid& run) const;

  // From `since` on nothing fails: what comes due then must not be late by minutes, as a thing does that is
  // only found by a call that came by chance.
  void Calm(absl::Time since) { calm_since_ = since; }
  absl::Time calm_since() const { return calm_since_; }
  // A worker polls the task's queue all along, and gets it `now`.
  void TaskHandedOut(const std::string& what, absl::Time scheduled, absl::Time now);
  // The whole history of a run that closed.
  void TimersFired(const std::string& workflow_id, const temporal::api::history::v1::History& history);

  // Two processes have one name: the older one may show less than was answered, until its next renewal tells
  // it that its place is taken.
  void TwinsServe() { twins_ = true; }
  bool twins_serve() const { return twins_; }

  // Acknowledged commits vanished (a failover to a lagging standby). What was seen until now binds nobody,
  // nor does what is seen from memory until the server has noticed: these rules end here, and only how each
  // workflow ends still counts.
  void CommitsVanished() { commits_vanished_ = true; }
  bool commits_vanished() const { return commits_vanished_; }

  void Broken(std::string rule) { broken_.push_back(std::move(rule)); }
  const std::vector<std::string>& broken() const { return broken_; }

 private:
  std::set<std::tuple<Uuid, int64_t, int32_t>> attempts_;
  std::map<Uuid, std::vector<std::string>> shown_;  // serialized events, up to the last stable one
  std::map<Uuid, int32_t> completed_;               // activities on their own
  std::function<void(const temporal::api::history::v1::History&)> check_task_;
  bool commits_vanished_ = false;
  bool twins_ = false;
  absl::Time calm_since_ = absl::InfiniteFuture();
  std::vector<std::string> broken_;
};

}  // namespace perdure::simulation
