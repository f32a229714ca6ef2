// `perdure remove-run`: removes a run that cannot be folded, so that nobody need write SQL for it. Works
// while no server does: it takes the lease for the time.
#pragma once

namespace CLI {
class App;
}

namespace perdure::server {

// Adds the command. It sets `exit_code` when it has run: 1 when nothing was removed.
void AddRemoveRun(CLI::App& app, int& exit_code);

}  // namespace perdure::server
