#include "server/cli/run.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "server/cli/inspect.h"
#include "server/cli/metrics_page.h"
#include "server/cli/migrate.h"
#include "server/cli/remove_run.h"
#include "server/cli/serve.h"
#include "server/cli/start_dev.h"
#include "server/cli/version.h"

namespace perdure::server {

int Run(int argc, const char* const* argv) {
  CLI::App app("Perdure: durable execution behind Temporal's API", "perdure");
  app.require_subcommand(1);
  int exit_code = 0;
  CLI::App& server = *app.add_subcommand("server", "Servers for development");
  server.require_subcommand(1);
  AddStartDev(server, exit_code);
  AddServe(app, exit_code);
  AddMigrate(app, exit_code);
  AddConfig(app);
  AddInspect(app, exit_code);
  AddRemoveRun(app, exit_code);
  AddMetricsPage(app);
  app.add_subcommand("version", "Print the version")->callback([] { fmt::print("{}\n", VersionLine()); });
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {  // the library's way to end: help and bad arguments
    return app.exit(error);
  }
  return exit_code;
}

}  // namespace perdure::server
