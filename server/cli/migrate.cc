#include "server/cli/migrate.h"

#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "persistence/postgres/postgres_migrate.h"
#include "persistence/sqlite/sqlite_store.h"
#include "server/cli/config_flags.h"

namespace perdure::server {
namespace {

int Migrate(const ConfigFlags& flags) {
  const auto config = LoadConfig(flags);
  if (!config.ok()) return Fail(config.status());
  const auto* postgres = std::get_if<PostgresChoice>(&config->node.store);
  if (postgres == nullptr) {
    return Fail(absl::InvalidArgumentError(
        "nothing to migrate: set store.postgres (the file of store.sqlite migrates itself)"));
  }
  const auto applied =
      persistence::MigratePostgres(postgres->target, [](const persistence::Migration& migration) {
        fmt::print("applying {} {}\n", migration.version, migration.name);
      });
  if (!applied.ok()) return Fail(Advise(config->node.store, applied.status()));
  fmt::print("{}\n", *applied == 0 ? "nothing to do" : "done");
  return 0;
}

struct Schema {
  persistence::SchemaVersion version;
  std::vector<persistence::Migration> migrations;  // those of this program
};

absl::StatusOr<Schema> SchemaOf(const StoreChoice& store) {
  absl::StatusOr<persistence::SchemaVersion> version =
      absl::InvalidArgumentError("no database: set store.postgres or store.sqlite");
  std::vector<persistence::Migration> migrations;
  if (const auto* postgres = std::get_if<PostgresChoice>(&store)) {
    version = persistence::PostgresSchemaVersion(postgres->target);
    migrations = persistence::PostgresMigrations();
  } else if (const auto* sqlite = std::get_if<SqliteChoice>(&store)) {
    version = persistence::SqliteFileSchemaVersion(sqlite->path);
    migrations = persistence::SqliteMigrations();
  } else {
    return version.status();
  }
  if (!version.ok()) return Advise(store, version.status());
  return Schema{*version, std::move(migrations)};
}

int MigrateStatus(const ConfigFlags& flags) {
  const auto config = LoadConfig(flags);
  if (!config.ok()) return Fail(config.status());
  const auto schema = SchemaOf(config->node.store);
  if (!schema.ok()) return Fail(schema.status());
  const auto& version = schema->version;
  fmt::print("schema {}, this program needs {}\n", version.found, version.needed);
  for (const persistence::Migration& migration : schema->migrations) {
    fmt::print("{:>5} {:<40} {}\n", migration.version, migration.name,
               migration.version <= version.found ? "applied" : "missing");
  }
  if (version.found > version.needed) fmt::print("the others are of a later release\n");
  return version.found >= version.needed ? 0 : 1;
}

}  // namespace

void AddMigrate(CLI::App& app, int& exit_code) {
  CLI::App& command =
      *app.add_subcommand("migrate", "Bring the PostgreSQL schema up to date; safe while servers run");
  auto flags = AddConfigFlags(command);
  CLI::App* status = command.add_subcommand(
      "status", "Tell which migrations are applied; exit code 1 when some are missing");
  command.require_subcommand(0, 1);
  command.fallthrough();
  status->fallthrough();
  command.callback([flags, status, &exit_code] {
    exit_code = status->parsed() ? MigrateStatus(*flags) : Migrate(*flags);
  });
}

}  // namespace perdure::server
