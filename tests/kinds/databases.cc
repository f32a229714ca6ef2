#include "tests/kinds/databases.h"

#include <catch2/catch.hpp>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "base/event_loop.h"
#include "base/ids.h"
#include "persistence/postgres/postgres_migrate.h"
#include "persistence/postgres/postgres_store.h"
#include "persistence/postgres/testing/postgres_backend.h"
#include "persistence/sqlite/connection.h"
#include "persistence/sqlite/sqlite_store.h"
#include "persistence/sqlite/testing/temporary_folder.h"

namespace perdure::server::testing {
namespace {

using persistence::contract::Admin;
using persistence::contract::ServerFromEnvironment;

std::unique_ptr<persistence::Store> Opened(absl::StatusOr<std::unique_ptr<persistence::Store>> store) {
  INFO(store.status());
  REQUIRE(store.ok());
  return *std::move(store);
}

class SqliteDatabase final : public TestDatabase {
 public:
  std::unique_ptr<persistence::Store> Open() override {
    persistence::SqliteStoreOptions options;
    options.path = Path();
    options.survive_power_loss = false;  // only processes die here
    return Opened(OpenSqliteStore(options));
  }
  int64_t CountRows(const std::string& table) override {
    using persistence::SqliteConnection;
    const auto connection = SqliteConnection::Open(Path(), {}, SqliteConnection::Mode::kReadOnly);
    REQUIRE(connection.ok());
    auto count = (*connection)->Prepare(absl::StrCat("SELECT count(*) FROM ", table));
    REQUIRE(count.ok());
    REQUIRE(count->Step() == SQLITE_ROW);
    return count->Int(0);
  }

 private:
  std::filesystem::path Path() const { return folder_.path() / "store.db"; }

  persistence::TemporaryFolder folder_;
};

// Gone with it.
class PostgresDatabase final : public TestDatabase {
 public:
  PostgresDatabase() : server_(ServerFromEnvironment()) {
    server_.Run(absl::StrCat("CREATE DATABASE ", name_));
    const auto applied = persistence::MigratePostgres(Text(), nullptr);
    INFO(applied.status());
    REQUIRE(applied.ok());
  }
  ~PostgresDatabase() override { server_.Run(absl::StrCat("DROP DATABASE ", name_, " WITH (FORCE)")); }
  PostgresDatabase(const PostgresDatabase&) = delete;
  PostgresDatabase& operator=(const PostgresDatabase&) = delete;

  std::unique_ptr<persistence::Store> Open() override {
    persistence::PostgresOptions options;
    options.target = Text();
    return Opened(OpenPostgresStore(options));
  }
  int64_t CountRows(const std::string& table) override {
    return std::stoll(Admin(Text()).Run(absl::StrCat("SELECT count(*) FROM ", table)));
  }

 private:
  static std::string NewName() {
    std::string name = absl::StrCat("kinds_", Uuid::Mint(*NewSystemRandom()).ToString());
    for (char& letter : name) letter = letter == '-' ? '_' : letter;
    return name;
  }
  std::string Text() const { return absl::StrCat(ServerFromEnvironment(), " dbname=", name_); }

  const std::string name_ = NewName();
  Admin server_;
};

bool PostgresIsTested() {
  if (!ServerFromEnvironment().empty()) return true;
  const char* without = std::getenv("PERDURE_TEST_NO_POSTGRES");
  PERDURE_CHECK(without != nullptr && std::string_view(without) == "1",
                "PERDURE_TEST_POSTGRES names no server; PERDURE_TEST_NO_POSTGRES=1 goes without");
  std::fprintf(stderr, "NOT TESTED: PostgreSQL, because PERDURE_TEST_NO_POSTGRES is set\n");
  return false;
}

}  // namespace

std::unique_ptr<TestDatabase> NewTestDatabase(DatabaseKind kind) {
  switch (kind) {
    case DatabaseKind::kSqlite:
      return std::make_unique<SqliteDatabase>();
    case DatabaseKind::kPostgres:
      if (!PostgresIsTested()) return nullptr;
      return std::make_unique<PostgresDatabase>();
  }
  PERDURE_CHECK(false, "no such kind of database");
}

}  // namespace perdure::server::testing
