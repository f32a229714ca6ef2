// A closed loop of workflows against any Temporal-compatible server, by raw calls: starts, polls and answers,
// without an SDK, so that the generator costs little beside the server.
//
// Each workflow runs `activities` activities one after the other and then completes. A workflow counts as
// done when the server has acknowledged the completion of its last workflow task; its latency runs from the
// start call until then. With `alone` an activity on its own stands in the place of each workflow, and is
// done with the acknowledgement of its completion. A call that is refused (RESOURCE_EXHAUSTED) or UNAVAILABLE
// is made again after a pause, as an SDK does. Thread safety: the functions block their caller; everything
// else happens on the client's thread, under a lock. They are called once in a process, which ends with them.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "bench/load/client.h"

namespace perdure::bench {

struct WorkloadOptions {
  Target target;
  std::string task_queue;  // one of its own a run, so that runs do not meet
  int in_flight = 64;
  int pollers = 0;  // of each kind; 0: as many as in flight, at most 64
  int activities = 1;
  size_t payload_bytes = 0;
  bool sticky = false;  // workflow tasks come with new events alone, as SDKs have them
  bool alone = false;   // no workflows: each is an activity on its own
  absl::Duration poll_patience = absl::Seconds(65);
  absl::Duration activity_timeout = absl::Seconds(60);  // start to close
  absl::Duration warm_up = absl::Seconds(3);
  absl::Duration duration = absl::Seconds(15);
  absl::Duration window = absl::ZeroDuration();  // of finished_by; 0: none
  // After the measured time nothing is started, and what is under way has this long to finish.
  absl::Duration drain = absl::ZeroDuration();
};

struct WorkloadResult {
  double workflows_per_second = 0;
  int64_t workflows = 0;                  // finished within the measured time
  std::vector<absl::Duration> latencies;  // of those workflows
  int64_t refused = 0;                    // RESOURCE_EXHAUSTED
  // Calls that failed otherwise, by "Method CODE"; polls that timed out empty have not failed.
  std::map<std::string, int64_t> errors;
  std::string first_error;
  int64_t retried_activities = 0;      // activity tasks of a second or later attempt
  int64_t retried_workflow_tasks = 0;  // likewise
  // Since the process began, at the end of each window.
  struct Finished {
    absl::Time at;
    int64_t workflows = 0;
  };
  std::vector<Finished> finished_by;
  int64_t acknowledged = 0;  // starts, since the process began
  int64_t unfinished = 0;    // of them, those not done at the end of the drain
};

// `edge` is called at both ends of the measured time, to read counters.
absl::Status RunLoop(const WorkloadOptions& options, const std::function<void()>& edge,
                     WorkloadResult& result);

// Runs just `in_flight` workflows to their end. `window` is called each time that all of them together have
// made `steps` more steps, with their latencies: from the answer that schedules an activity to the workflow
// task that its result makes.
absl::Status RunSteps(const WorkloadOptions& options, int64_t steps,
                      const std::function<void(std::vector<absl::Duration>)>& window, WorkloadResult& result);

}  // namespace perdure::bench
