#include "server/cli/migrate.h"

#include <memory>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "persistence/postgres/postgres_migrate.h"
#include "persistence/sqlite/sqlite_store.h"
#include "server/cli/config_flags.h"
#include "server/cli/patience.h"

namespace perdure::server {
namespace {

int Migrate(const ConfigFlags& flags, bool wait) {
  const auto config = LoadConfig(flags);
  if (!config.ok()) return Fail(config.status());
  const auto* postgres = std::get_if<PostgresChoice>(&config->node.store);
  if (postgres == nullptr) {
    return Fail(absl::InvalidArgumentError(
        "nothing to migrate: set store.postgres (the file of store.sqlite migrates itself)"));
  }
  const auto migrate = [postgres] {
    return persistence::MigratePostgres(postgres->target, [](const persistence::Migration& migration) {
      fmt::print("applying {} {}\n", migration.version, migration.name);
    });
  };
  bool said = false;
  const auto say = [&](const absl::Status& status) {
    if (!std::exchange(said, true)) {
      fmt::print(stderr, "perdure: waiting for the database: {}\n", std::string(status.message()));
    }
  };
  const auto applied = wait ? UntilAvailable(migrate, say) : migrate();
  if (!applied.ok()) return Fail(Advise(config->node.store, applied.status()));
  fmt::print("{}\n", *applied == 0 ? "nothing to do" : "done");
  return 0;
}

struct Schema {
  persistence::SchemaVersion version;
  std::vector<persistence::Migration> migrations;  // those of this program
  absl::Status keys;                               // whether the database has what they made
};

absl::StatusOr<Schema> SchemaOf(const StoreChoice& store) {
  absl::StatusOr<persistence::SchemaVersion> version =
      absl::InvalidArgumentError("no database: set store.postgres or store.sqlite");
  std::vector<persistence::Migration> migrations;
  absl::Status keys;
  if (const auto* postgres = std::get_if<PostgresChoice>(&store)) {
    version = persistence::PostgresSchemaVersion(postgres->target);
    migrations = persistence::PostgresMigrations();
    if (version.ok()) keys = persistence::CheckPostgresKeys(postgres->target);
  } else if (const auto* sqlite = std::get_if<SqliteChoice>(&store)) {
    version = persistence::SqliteFileSchemaVersion(sqlite->path);
    migrations = persistence::SqliteMigrations();
  } else {
    return version.status();
  }
  if (!version.ok()) return Advise(store, version.status());
  return Schema{*version, std::move(migrations), std::move(keys)};
}

int MigrateStatus(const ConfigFlags& flags) {
  const auto config = LoadConfig(flags);
  if (!config.ok()) return Fail(config.status());
  const auto schema = SchemaOf(config->node.store);
  if (!schema.ok()) return Fail(schema.status());
  const auto& version = schema->version;
  fmt::print("schema {}, this program needs {}\n", version.found, version.needed);
  const absl::Status too_old = persistence::CheckNotTooOld(version.found, version.oldest);
  if (!too_old.ok()) return Fail(too_old);
  for (const persistence::Migration& migration : schema->migrations) {
    fmt::print("{:>5} {:<40} {}\n", migration.version, migration.name,
               migration.version <= version.found ? "applied" : "missing");
  }
  if (version.found > version.needed) fmt::print("the others are of a later release\n");
  if (!schema->keys.ok()) return Fail(schema->keys);
  return version.found >= version.needed ? 0 : 1;
}

}  // namespace

void AddMigrate(CLI::App& app, int& exit_code) {
  CLI::App& command =
      *app.add_subcommand("migrate", "Bring the PostgreSQL schema up to date; safe while servers run");
  auto flags = AddConfigFlags(command);
  auto wait = std::make_shared<bool>(false);
  command.add_flag("--wait", *wait, "Wait for a database that does not answer");
  CLI::App* status = command.add_subcommand(
      "status", "Tell which migrations are applied; exit code 1 when some are missing");
  command.require_subcommand(0, 1);
  command.fallthrough();
  status->fallthrough();
  command.callback([flags, wait, status, &exit_code] {
    exit_code = status->parsed() ? MigrateStatus(*flags) : Migrate(*flags, *wait);
  });
}

}  // namespace perdure::server
