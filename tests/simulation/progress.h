// How far the history of a planned workflow shows it to be. What happened twice, and must not, is an error:
// of each part of a plan one beginning, one start (of a child) and one end. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "absl/status/statusor.h"
#include "temporal/api/history/v1/message.pb.h"

namespace perdure::simulation {

// What a history says about the steps; steps are named by their place.
struct Progress {
  std::map<int64_t, std::string> part_of_event;
  std::set<std::string> begun;
  std::set<std::string> started;  // children
  std::set<std::string> ended;
  int signals = 0;
  bool cancel_requested = false;
  bool has_run_timeout = false;
};

absl::StatusOr<Progress> ReadProgress(const temporal::api::history::v1::History& history);

}  // namespace perdure::simulation
