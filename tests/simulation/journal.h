// What the clients and workers saw, and the rules that it must keep. A broken rule is kept as text; the first
// one fails the seed. Not thread-safe: the simulation is one thread.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <tuple>
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

  // From `since` on nothing fails: what comes due then must not be late by minutes, as a thing does that is
  // only found by a call that came by chance.
  void Calm(absl::Time since) { calm_since_ = since; }
  // A worker polls the task's queue all along, and gets it `now`.
  void TaskHandedOut(const std::string& what, absl::Time scheduled, absl::Time now);
  // The whole history of a run that closed.
  void TimersFired(const std::string& workflow_id, const temporal::api::history::v1::History& history);

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
  bool commits_vanished_ = false;
  absl::Time calm_since_ = absl::InfiniteFuture();
  std::vector<std::string> broken_;
};

}  // namespace perdure::simulation
