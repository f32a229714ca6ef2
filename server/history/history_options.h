// What decides how an executor's part of history behaves. Defaults are production's.
#pragma once

#include <cstddef>

#include "absl/time/time.h"
#include "base/limits.h"

namespace perdure::server {

// How much the wake horizon reads, holds and loads. REQUIRES: each above 0, and page <= horizon / 2.
struct WakeLimits {
  size_t page = limits::kWakePage;        // rows of one read
  size_t horizon = limits::kWakeHorizon;  // wakes that are held
  size_t loads = limits::kWakeLoads;      // runs that are being loaded
};

struct HistoryOptions {
  size_t resident_bytes = limits::kResidentBytes;  // of each executor
  size_t tail_bytes = limits::kTailBytes;
  size_t snapshot_log_bytes = limits::kSnapshotLogBytes;
  size_t log_to_snapshot = limits::kLogToSnapshot;
  WakeLimits wakes;
  size_t load_keys = limits::kLoadKeys;  // of one query; REQUIRES: > 0
  // Commands may name another namespace.
  bool cross_namespace_commands = false;
  // After each step, fold its records into a second state and check that both are equal. Debug and
  // simulation.
  bool check_fold = false;
  // A stored wake that lags behind what its run owes is raised once the run was quiet for so long.
  absl::Duration quiet_after = absl::Seconds(30);
  absl::Duration wake_slack = absl::Minutes(1);
};

}  // namespace perdure::server
