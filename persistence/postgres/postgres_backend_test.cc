// PostgreSQL's part in the contract suite: a database of its own for each test, reached through a gate.
#include <libpq-fe.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "persistence/contract/harness.h"
#include "persistence/postgres/pg_value.h"
#include "persistence/postgres/postgres_migrate.h"
#include "persistence/postgres/postgres_store.h"
#include "persistence/postgres/testing/gate.h"

namespace perdure::persistence {
namespace contract {
namespace {

// A blocking connection of the test's own.
class Admin {
 public:
  explicit Admin(const std::string& text) : connection_(PQconnectdb(text.c_str())) {
    INFO(PQerrorMessage(connection_));
    REQUIRE(PQstatus(connection_) == CONNECTION_OK);
  }
  ~Admin() { PQfinish(connection_); }
  Admin(const Admin&) = delete;
  Admin& operator=(const Admin&) = delete;

  std::string Run(const std::string& sql) {
    const PgResult result(PQexec(connection_, sql.c_str()));
    const ExecStatusType status = PQresultStatus(result.get());
    INFO(sql << ": " << PQresultErrorMessage(result.get()));
    REQUIRE((status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK));
    return PQntuples(result.get()) > 0 ? PQgetvalue(result.get(), 0, 0) : "";
  }
  std::string port() const { return PQport(connection_); }

 private:
  PGconn* const connection_;
};

std::string ServerFromEnvironment() {
  const char* server = std::getenv("PERDURE_TEST_POSTGRES");
  INFO("PERDURE_TEST_POSTGRES is a libpq connection string to a server where databases may be created");
  REQUIRE(server != nullptr);
  return server;
}

class PostgresBackend final : public Backend {
 public:
  PostgresBackend()
      : server_(ServerFromEnvironment()),
        name_("contract_" + absl::StrCat(std::hash<std::string>{}(NewUuid().ToString()))),
        admin_(server_),
        gate_(static_cast<uint16_t>(std::stoi(admin_.port()))) {
    admin_.Run("CREATE DATABASE " + name_);
    const auto applied = MigratePostgres(Direct(), nullptr);
    INFO(applied.status());
    REQUIRE(applied.ok());
    auto store = OpenPostgresStore(
        {.connection = absl::StrCat(server_, " dbname=", name_, " host=127.0.0.1 port=", gate_.port(),
                                    " sslmode=disable gssencmode=disable")});
    REQUIRE(store.ok());
    store_ = *std::move(store);
  }
  ~PostgresBackend() override {
    store_.reset();
    gate_.Release();
    admin_.Run("DROP DATABASE " + name_ + " WITH (FORCE)");
  }

  Store& store() override { return *store_; }
  bool HasConnection() const override { return true; }
  void LoseNextAnswer(Loss loss) override {
    gate_.Give(loss == Loss::kLanded ? Gate::Order::kLoseAnswer : Gate::Order::kLoseBatch);
  }
  // The batch goes on when a successor waits for its lock: every other one lands, the rest ends with its
  // connection.
  void StallNextBatch() override {
    static int stalls = 0;
    gate_.Give(++stalls % 2 == 0 ? Gate::Order::kStallToLand : Gate::Order::kStallToFail);
    watcher_ = std::thread([this] {
      Admin admin(server_);
      const std::string waits = absl::StrCat(
          "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = '", name_, "'");
      while (!released_ && (!gate_.HasStalled() || admin.Run(waits) == "0")) std::this_thread::yield();
      gate_.Release();
    });
  }
  void ReleaseStalledBatch() override {
    released_ = true;
    if (watcher_.joinable()) watcher_.join();
  }
  void Save() override {
    Admin admin(Direct());
    for (const char* table : kTables) {
      admin.Run(absl::StrCat("CREATE TABLE saved_", table, " AS SELECT * FROM ", table));
    }
  }
  void GoBack() override {
    Admin admin(Direct());
    for (const char* table : kTables) {
      admin.Run(absl::StrCat("TRUNCATE ", table, "; INSERT INTO ", table, " SELECT * FROM saved_", table));
    }
  }

 private:
  static constexpr const char* kTables[] = {"writers",   "shards", "executions", "history",
                                            "snapshots", "wake",   "lease",      "namespaces"};

  std::string Direct() const { return absl::StrCat(server_, " dbname=", name_); }

  const std::string server_;
  const std::string name_;
  Admin admin_;
  Gate gate_;
  std::unique_ptr<Store> store_;
  std::atomic<bool> released_{false};
  std::thread watcher_;
};

}  // namespace

std::unique_ptr<Backend> NewBackend() { return std::make_unique<PostgresBackend>(); }

}  // namespace contract

TEST_CASE("postgres: a connection string that libpq does not understand is refused as such") {
  CHECK(absl::IsInvalidArgument(OpenPostgresStore({.connection = "nonsense=1"}).status()));
}

TEST_CASE("postgres: a database without the schema is refused with the command to run") {
  const auto store = OpenPostgresStore({.connection = contract::ServerFromEnvironment()});
  CHECK(absl::IsFailedPrecondition(store.status()));
  CHECK(std::string(store.status().message()).find("perdure migrate") != std::string::npos);
}

}  // namespace perdure::persistence
