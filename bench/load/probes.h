// Two looks at a server that hardly works: how soon it works after its start, and what it costs while clients
// do nothing but wait.
#pragma once

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "bench/load/client.h"

namespace perdure::bench {

// When the first DescribeNamespace of the namespace was answered. Asks every millisecond from when something
// listens; a namespace that is missing is no answer.
absl::StatusOr<absl::Time> FirstAnswer(const Target& target, absl::Duration patience);

// Holds `polls` long polls open until the process ends, spread over ten task queues, half of them for
// activities. Returns when all are sent; one that ends is sent again.
absl::Status HoldPolls(const Target& target, int polls);

}  // namespace perdure::bench
