// `perdure serve`: a server for production. `perdure config` explains its keys.
#pragma once

namespace CLI {
class App;
}

namespace perdure::server {

// Adds the commands. They set `exit_code` when they have run.
void AddServe(CLI::App& app, int& exit_code);
void AddConfig(CLI::App& app);

}  // namespace perdure::server
