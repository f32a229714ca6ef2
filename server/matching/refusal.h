// What a run's owner means by refusing to start a task, or to move it. Pure; safe anywhere.
#pragma once

#include "absl/status/status.h"

namespace perdure::server {

// The run does not owe the task: it is not there, closed, or beyond it. What is not found otherwise, as a
// namespace that this node does not know yet, says nothing of the task, which is then tried again.
bool TaskIsStale(const absl::Status& status);

}  // namespace perdure::server
