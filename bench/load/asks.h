// Requests to workflows in a closed loop, by raw calls: signals, queries, updates, signals with start,
// resets, with a sticky worker that answers the workflow tasks they bring, as the SDKs' workers do.
//
// One request is done
//   signal             when the workflow task that it brought has been answered;
//   query, update      when its result has come (an update's: completed);
//   signal-with-start  when the workflow that it started is completed;
//   reset              when it is acknowledged; its base is one closed run of `base_events` events.
// Each of `in_flight` loops has an open workflow of its own, except with signal-with-start (a new one each
// time) and reset (a base of its own, whose newest run the next reset ends). Thread safety, and what becomes
// of refused calls: as workload.h.
#pragma once

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "bench/load/client.h"
#include "bench/load/workload.h"

namespace perdure::bench {

enum class Ask { kSignal, kQuery, kUpdate, kSignalWithStart, kReset };

struct AskOptions {
  Target target;
  std::string task_queue;  // one of its own a run
  Ask ask = Ask::kSignal;
  int in_flight = 64;
  int base_events = 1000;
  absl::Duration warm_up = absl::Seconds(3);
  absl::Duration duration = absl::Seconds(15);
};

// Returns when the measured time is over; `edge` as with RunLoop. Of the result: workflows (requests that
// were done in it), workflows_per_second, latencies, refused, errors. DEADLINE_EXCEEDED when the workflows to
// ask were not there within two minutes.
absl::Status RunAsks(const AskOptions& options, const std::function<void()>& edge, WorkloadResult& result);

}  // namespace perdure::bench
