// `perdure migrate` brings a PostgreSQL schema up to date; `perdure migrate status` tells which migrations a
// database has. The file of store.sqlite is migrated by the server that opens it.
#pragma once

namespace CLI {
class App;
}

namespace perdure::server {

// Adds the command. It sets `exit_code` when it has run. Of `status`: 0 when the schema is as new as the
// program or newer, else 1.
void AddMigrate(CLI::App& app, int& exit_code);

}  // namespace perdure::server
