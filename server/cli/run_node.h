// Runs a server until a signal ends it.
#pragma once

#include "absl/functional/function_ref.h"
#include "absl/time/time.h"
#include "server/cli/node.h"

namespace perdure::server {

// Returns the program's exit code: 0 after SIGTERM or SIGINT and a drain that ended in time; else an error
// has been printed. Ends the process with 3 when a younger one of its name has taken its place. A second
// signal ends the process at once. `started` is called when calls are answered.
int RunNode(NodeOptions options, absl::Duration grace, absl::FunctionRef<void(const Node&)> started);

}  // namespace perdure::server
