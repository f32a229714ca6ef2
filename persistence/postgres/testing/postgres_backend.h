// The server of the tests, a database of its own for the whole program, and the backend that the contract
// suite and our own tests open stores of: reached through a gate, so that what goes wrong does so in a real
// database.
//
// REQUIRES: PERDURE_TEST_POSTGRES names the server (postgres_backend_test.cc sees to it before any test).
// Thread safety: one thread each, but an Admin may be made on any. Ownership: Database::Shared() is dropped
// at the program's end; the databases that a test makes of its own, it drops itself.
#pragma once

#include <libpq-fe.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "persistence/contract/backend.h"
#include "persistence/contract/harness.h"
#include "persistence/postgres/pg_value.h"
#include "persistence/postgres/postgres_migrate.h"
#include "persistence/postgres/postgres_store.h"
#include "persistence/postgres/testing/gate.h"

namespace perdure::persistence::contract {

// A blocking connection of the test's own. Also on other threads than the test's, where Catch's macros may
// not be.
class Admin {
 public:
  explicit Admin(const std::string& text) : connection_(PQconnectdb(text.c_str())) {
    PERDURE_CHECK(PQstatus(connection_) == CONNECTION_OK, PQerrorMessage(connection_));
    PQsetNoticeProcessor(
        connection_, [](void*, const char*) {}, nullptr);
  }
  ~Admin() { PQfinish(connection_); }
  Admin(const Admin&) = delete;
  Admin& operator=(const Admin&) = delete;

  std::string Run(const std::string& sql) {
    const PgResult result(PQexec(connection_, sql.c_str()));
    const ExecStatusType status = PQresultStatus(result.get());
    PERDURE_CHECK(status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK,
                  sql + ": " + PQresultErrorMessage(result.get()));
    return PQntuples(result.get()) > 0 ? PQgetvalue(result.get(), 0, 0) : "";
  }
  std::string port() const { return PQport(connection_); }

 private:
  PGconn* const connection_;
};

inline constexpr char kServer[] = "PERDURE_TEST_POSTGRES";

// 0: straight to the server. The whole suite is run either way.
inline uint16_t PgBouncerPort() {
  const char* through = std::getenv("PERDURE_TEST_THROUGH_PGBOUNCER");
  if (through == nullptr || std::string_view(through) != "1") return 0;
  const char* port = std::getenv("PERDURE_TEST_PGBOUNCER_PORT");
  PERDURE_CHECK(port != nullptr, "scripts/with_postgres.py names the port of its PgBouncer");
  return static_cast<uint16_t>(std::stoi(port));
}

inline std::string ServerFromEnvironment() {
  const char* server = std::getenv(kServer);
  return server == nullptr ? "" : server;
}

// One for the whole program, gone at its end.
class Database {
 public:
  static Database& Shared() {
    static Database database;
    return database;
  }
  ~Database() {
    PQclear(PQexec(admin_, ("DROP DATABASE " + name_ + " WITH (FORCE)").c_str())), PQfinish(admin_);
  }
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  std::string Direct() const { return absl::StrCat(ServerFromEnvironment(), " dbname=", name_); }
  const std::string& name() const { return name_; }

 private:
  Database() : name_("contract_" + absl::StrCat(std::hash<std::string>{}(NewUuid().ToString()))) {
    admin_ = PQconnectdb(ServerFromEnvironment().c_str());
    Admin(ServerFromEnvironment()).Run("CREATE DATABASE " + name_);
    const auto applied = MigratePostgres(Direct(), nullptr);
    INFO(applied.status());
    REQUIRE(applied.ok());
  }

  const std::string name_;
  PGconn* admin_;
};

inline constexpr const char* kTables[] = {"writers", "shards", "executions",  "history",    "snapshots",
                                          "wake",    "nodes",  "shard_owner", "namespaces", "cluster"};

class PostgresBackend final : public Backend {
 public:
  explicit PostgresBackend(absl::Duration blocked_fence_limit = absl::Seconds(30))
      : admin_(Database::Shared().Direct()),
        gate_(PgBouncerPort() != 0 ? PgBouncerPort() : static_cast<uint16_t>(std::stoi(admin_.port()))) {
    for (const char* table : kTables) {
      admin_.Run(absl::StrCat("DELETE FROM ", table, "; DROP TABLE IF EXISTS saved_", table));
    }
    PostgresOptions options;
    options.target = absl::StrCat(Database::Shared().Direct(), " host=127.0.0.1 port=", gate_.port(),
                                  " sslmode=disable gssencmode=disable");
    options.through_pgbouncer = PgBouncerPort() != 0;
    options.blocked_fence_limit = blocked_fence_limit;
    auto store = OpenPostgresStore(options);
    INFO(store.status());
    REQUIRE(store.ok());
    store_ = *std::move(store);
  }
  ~PostgresBackend() override {
    ReleaseStalledBatch();
    store_.reset();
  }

  Gate& gate() { return gate_; }
  Admin& admin() { return admin_; }

  Store& store() override { return *store_; }
  int64_t CountHistoryRows(const RunKey& key) override {
    return std::stoll(
        admin_.Run(absl::StrCat("SELECT count(*) FROM history WHERE shard = ", key.shard,
                                " AND kind = ", key.kind, " AND run_id = '", key.run_id.ToString(), "'")));
  }
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
      Admin admin(Database::Shared().Direct());
      const std::string waits =
          absl::StrCat("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = '",
                       Database::Shared().name(), "'");
      while (!released_ && (!gate_.HasStalled() || admin.Run(waits) == "0")) std::this_thread::yield();
      gate_.Release();
    });
  }
  void ReleaseStalledBatch() override {
    released_ = true;
    if (watcher_.joinable()) watcher_.join();
  }
  void Save() override {
    for (const char* table : kTables) {
      admin_.Run(absl::StrCat("CREATE TABLE saved_", table, " AS SELECT * FROM ", table));
    }
  }
  void GoBack() override {
    for (const char* table : kTables) {
      admin_.Run(absl::StrCat("TRUNCATE ", table, "; INSERT INTO ", table, " SELECT * FROM saved_", table));
    }
  }

 private:
  Admin admin_;
  Gate gate_;
  std::unique_ptr<Store> store_;
  std::atomic<bool> released_{false};
  std::thread watcher_;
};

}  // namespace perdure::persistence::contract
