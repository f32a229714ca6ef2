// Many open runs, for what a restart costs: making them, calling them, and collecting those whose timer came.
// Each run waits for one timer. Runs are named PREFIX-0, PREFIX-1, ... Every function blocks its caller, is
// called once in a process, and leaves its long polls to the end of it.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "bench/load/client.h"

namespace perdure::bench {

struct RunSet {
  std::string task_queue;
  std::string prefix;
  int count = 0;
};

// Starts the runs, `in_flight` at a time, each with a timer for a time between `fire_at` - `spread` and
// `fire_at` + `spread`; then signals the first `hot` of them once. Returns how long it took, when the last
// answer is acknowledged.
struct OpenOptions {
  RunSet runs;
  int hot = 0;
  int in_flight = 64;
  absl::Time fire_at;
  absl::Duration spread;
};
absl::StatusOr<absl::Duration> OpenRuns(const Target& target, const OpenOptions& options);

// Signals the runs in turn at an even pace, whether or not earlier calls have been answered, and answers
// their workflow tasks.
struct SignalOptions {
  RunSet runs;
  double calls_per_second = 200;
  absl::Duration duration;
};
struct SignalCall {
  absl::Time begin;
  absl::Duration took;
  std::string code;  // "OK", "UNAVAILABLE", ...
};
absl::StatusOr<std::vector<SignalCall>> SignalRuns(const Target& target, const SignalOptions& options);

// Waits for a server to listen, polls the set's task queue and completes each run that it is handed. Returns
// when each run was handed out first, in that order; fewer than all when time is up.
absl::StatusOr<std::vector<absl::Time>> CollectRuns(const Target& target, const RunSet& runs,
                                                    absl::Duration patience);

}  // namespace perdure::bench
