// Migrations, and databases whose schema is not the one they made.
#include <atomic>
#include <catch2/catch.hpp>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "persistence/postgres/testing/postgres_backend.h"

namespace perdure::persistence {

TEST_CASE("postgres: a database that lacks a key of its schema is refused, and the table is named") {
  contract::Admin server(contract::ServerFromEnvironment());
  const std::string name = contract::Database::Shared().name() + "_keyless";
  server.Run("CREATE DATABASE " + name);
  const std::string direct = absl::StrCat(contract::ServerFromEnvironment(), " dbname=", name);
  REQUIRE(MigratePostgres(direct, nullptr).ok());
  CHECK(CheckPostgresKeys(direct).ok());
  {
    contract::Admin admin(direct);
    const std::vector<std::pair<std::string, std::string>> changes = {
        {"ALTER TABLE writers DROP CONSTRAINT writers_pkey", "writers"},
        {"ALTER TABLE namespaces DROP CONSTRAINT namespaces_name_key", "namespaces"},
        {"DROP INDEX executions_current", "executions_current"},
        {"DROP INDEX executions_list", "executions_list"}};
    for (const auto& [change, named] : changes) {
      admin.Run(change);
      for (const absl::Status& status : {CheckPostgresKeys(direct), MigratePostgres(direct, nullptr).status(),
                                         OpenPostgresStore({.target = direct}).status()}) {
        INFO(status << " after " << change);
        CHECK(absl::IsFailedPrecondition(status));
        CHECK(absl::StrContains(status.message(), named));
      }
    }
  }
  server.Run("DROP DATABASE " + name + " WITH (FORCE)");
}

TEST_CASE("postgres: a database of a schema that nothing reads any more is refused in one line") {
  contract::Admin server(contract::ServerFromEnvironment());
  const std::string name = contract::Database::Shared().name() + "_old";
  server.Run("CREATE DATABASE " + name);
  const std::string direct = absl::StrCat(contract::ServerFromEnvironment(), " dbname=", name);
  {
    contract::Admin admin(direct);
    admin.Run("CREATE TABLE schema_versions (version int4 PRIMARY KEY)");
    admin.Run("INSERT INTO schema_versions (version) VALUES (1)");
  }
  for (const absl::Status& status : {CheckPostgresKeys(direct), MigratePostgres(direct, nullptr).status(),
                                     OpenPostgresStore({.target = direct}).status()}) {
    INFO(status);
    CHECK(absl::IsFailedPrecondition(status));
    CHECK(absl::StrContains(status.message(), "version 1"));
    CHECK(absl::StrContains(status.message(), "use an empty database"));
    CHECK_FALSE(absl::StrContains(status.message(), "\n"));
  }
  const auto version = PostgresSchemaVersion(direct);
  REQUIRE(version.ok());
  CHECK(version->found == 1);
  server.Run("DROP DATABASE " + name + " WITH (FORCE)");
}

TEST_CASE("postgres: migrations are applied once, and a newer schema is tolerated") {
  contract::PostgresBackend backend;
  const std::string direct = contract::Database::Shared().Direct();
  const auto again = MigratePostgres(direct, nullptr);
  REQUIRE(again.ok());
  CHECK(*again == 0);
  backend.admin().Run("INSERT INTO schema_versions (version) VALUES (1000)");
  const auto version = PostgresSchemaVersion(direct);
  REQUIRE(version.ok());
  CHECK(version->found == 1000);
  CHECK(CheckSchema(*version, "perdure migrate").ok());
  CHECK(OpenPostgresStore({.target = direct}).ok());
  backend.admin().Run("DELETE FROM schema_versions WHERE version = 1000");
}

TEST_CASE("postgres: migrations of several processes at once wait for each other") {
  contract::PostgresBackend first;
  contract::Admin admin(contract::ServerFromEnvironment());
  const std::string name = contract::Database::Shared().name() + "_fresh";
  admin.Run("CREATE DATABASE " + name);
  const std::string direct = absl::StrCat(contract::ServerFromEnvironment(), " dbname=", name);
  std::atomic<int> applied = 0;
  std::atomic<int> failed = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      const auto result = MigratePostgres(direct, nullptr);
      applied += result.value_or(0);
      failed += result.ok() ? 0 : 1;
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(applied == static_cast<int>(PostgresMigrations().size()));
  CHECK(failed == 0);
  admin.Run("DROP DATABASE " + name + " WITH (FORCE)");
}

}  // namespace perdure::persistence
