// What the clients and workers saw, and the rules that it must keep. A broken rule is kept as text; the first
// one fails the seed. Not thread-safe: the simulation is one thread.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

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
  std::vector<std::string> broken_;
};

}  // namespace perdure::simulation
