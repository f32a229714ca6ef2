// The rules for what ScheduleActivityTask asks for.
#pragma once

#include <optional>
#include <string>

#include "absl/time/time.h"
#include "temporal/api/history/v1/message.pb.h"

namespace perdure::engine::workflow {

// Fills what the command left open (queue kind, retry policy, timeouts from each other and from the run's),
// or says what is wrong with it, as its worker is told. `run_timeout` is zero without one.
struct RunLimits {
  std::string task_queue;
  absl::Duration run_timeout;
};
std::optional<std::string> CompleteActivityOptions(
    const RunLimits& run, temporal::api::history::v1::ActivityTaskScheduledEventAttributes& options);

}  // namespace perdure::engine::workflow
