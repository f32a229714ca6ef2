// The program's command line.
#pragma once

namespace perdure::server {

// Runs what the arguments say; returns the exit code.
int Run(int argc, const char* const* argv);

}  // namespace perdure::server
