// A closed loop of workflows against any Temporal-compatible server, by raw calls: starts, polls and answers,
// without an SDK, so that the generator costs little beside the server.
//
// Each workflow runs `activities` activities one after the other and then completes. A workflow counts as
// done when the server has acknowledged the completion of its last workflow task; its latency runs from the
// start call until then. Thread safety: Run blocks its caller; everything else happens on gRPC's threads
// under one lock.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace perdure::bench {

struct WorkloadOptions {
  std::string address;
  std::string name_space = "default";
  std::string task_queue;  // one of its own a run, so that runs do not meet
  int in_flight = 64;
  int pollers = 0;  // of each kind; 0: as many as in flight, at most 64
  int activities = 1;
  size_t payload_bytes = 0;
  absl::Duration warm_up = absl::Seconds(3);
  absl::Duration duration = absl::Seconds(15);
};

struct WorkloadResult {
  double workflows_per_second = 0;
  int64_t workflows = 0;  // finished within the measured time
  int64_t errors = 0;     // calls that failed, other than polls that timed out empty
  std::string first_error;
  std::vector<absl::Duration> latencies;  // of those workflows, ascending
};

// What is called at the edges of the measured time, to read counters.
class Edges {
 public:
  virtual ~Edges() = default;
  virtual void OnMeasureBegin() = 0;
  virtual void OnMeasureEnd() = 0;
};

absl::Status Run(const WorkloadOptions& options, Edges& edges, WorkloadResult& result);

}  // namespace perdure::bench
