// `perdure server start-dev`: a server for development, with the flags of `temporal server start-dev`,
// and --health-port.
#pragma once

namespace CLI {
class App;
}

namespace perdure::server {

// Adds the command. It sets `exit_code` when it has run.
void AddStartDev(CLI::App& server, int& exit_code);

}  // namespace perdure::server
