// What the operating system lets the process have, and what it does when that is not enough.
// Thread safety: one thread, at the start.
#pragma once

#include "absl/status/status.h"

namespace perdure::server {

// The exit code of a process that has no memory left (docs/operations.md).
inline constexpr int kOutOfMemory = 4;

// Raises the soft limit of descriptors to the hard one, and lets a failed allocation end the process with one
// line and kOutOfMemory. FAILED_PRECONDITION, saying what to do, when there are too few descriptors to start.
absl::Status PrepareProcess();

// How many descriptors may become clients' connections.
size_t DescriptorsForClients();

}  // namespace perdure::server
