#include "server/cli/serve.h"

#include <cstdio>
#include <utility>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "persistence/postgres/postgres_migrate.h"
#include "server/cli/config_flags.h"
#include "server/cli/logging.h"
#include "server/cli/run_node.h"
#include "server/cli/version.h"
#include "spdlog/spdlog.h"

namespace perdure::server {
namespace {

int Serve(const ConfigFlags& flags) {
  auto config = LoadConfig(flags);
  if (!config.ok()) return Fail(config.status());
  const absl::Status log = SetUpLog(config->log_level, config->log_format);
  if (!log.ok()) return Fail(log);
  if (std::holds_alternative<MemoryChoice>(config->node.store) && !config->memory_store) {
    return Fail(absl::InvalidArgumentError("no store: set store.postgres, store.sqlite or store.memory"));
  }
  spdlog::info("{}", VersionLine());
  return RunNode(std::move(config->node), config->grace, [](const Node& node) {
    spdlog::info("serving on port {}", node.port());
    if (node.metrics_port()) spdlog::info("metrics on port {}", *node.metrics_port());
    if (node.health_port()) spdlog::info("probes on port {}", *node.health_port());
  });
}

absl::StatusOr<std::string> PostgresConnection(const ConfigFlags& flags) {
  auto config = LoadConfig(flags);
  if (!config.ok()) return config.status();
  const auto* postgres = std::get_if<PostgresChoice>(&config->node.store);
  if (postgres == nullptr) {
    return absl::InvalidArgumentError(
        "nothing to migrate: set store.postgres (the file of store.sqlite migrates itself)");
  }
  return postgres->connection;
}

int Migrate(const ConfigFlags& flags) {
  const auto connection = PostgresConnection(flags);
  if (!connection.ok()) return Fail(connection.status());
  const auto applied = persistence::MigratePostgres(*connection, [](const persistence::Migration& migration) {
    fmt::print("applying {} {}\n", migration.version, migration.name);
  });
  if (!applied.ok()) return Fail(applied.status());
  fmt::print("{}\n", *applied == 0 ? "nothing to do" : "done");
  return 0;
}

int MigrateStatus(const ConfigFlags& flags) {
  const auto connection = PostgresConnection(flags);
  if (!connection.ok()) return Fail(connection.status());
  const auto version = persistence::PostgresSchemaVersion(*connection);
  if (!version.ok()) return Fail(version.status());
  fmt::print("schema {}, this program needs {}\n", version->found, version->needed);
  return version->found >= version->needed ? 0 : 2;
}

}  // namespace

void AddServe(CLI::App& app, int& exit_code) {
  CLI::App& command = *app.add_subcommand("serve", "Run a server for production");
  auto flags = AddConfigFlags(command);
  command.callback([flags, &exit_code] { exit_code = Serve(*flags); });
}

void AddMigrate(CLI::App& app, int& exit_code) {
  CLI::App& command =
      *app.add_subcommand("migrate", "Bring the PostgreSQL schema up to date; safe while servers run");
  auto flags = AddConfigFlags(command);
  CLI::App* status =
      command.add_subcommand("status", "Tell the schema's version; exit code 2 when it is too old");
  command.require_subcommand(0, 1);
  command.fallthrough();
  status->fallthrough();
  command.callback([flags, status, &exit_code] {
    exit_code = status->parsed() ? MigrateStatus(*flags) : Migrate(*flags);
  });
}

void AddConfig(CLI::App& app) {
  app.add_subcommand("config", "Explain every key of the configuration")->callback([] {
    fmt::print("{}", ConfigDocumentation());
  });
}

}  // namespace perdure::server
