// `perdure inspect`: what the store holds of one run: its records, its snapshot, its row, and what it owes
// the world. Read-only, also while a server works on the store.
#pragma once

namespace CLI {
class App;
}

namespace perdure::server {

// Adds the command. It sets `exit_code` when it has run: 1 when there is no such run.
void AddInspect(CLI::App& app, int& exit_code);

}  // namespace perdure::server
