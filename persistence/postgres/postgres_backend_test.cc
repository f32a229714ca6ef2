// PostgreSQL's part in the contract suite: a database of its own for each test, reached through a gate.
#include <libpq-fe.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "persistence/contract/harness.h"
#include "persistence/postgres/pg_value.h"
#include "persistence/postgres/postgres_migrate.h"
#include "persistence/postgres/postgres_store.h"
#include "persistence/postgres/testing/gate.h"

namespace perdure::persistence {
namespace contract {
namespace {

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

const char* const kServer = "PERDURE_TEST_POSTGRES";
const char* const kNoServer = "PERDURE_TEST_NO_POSTGRES";

// 0: straight to the server. The whole suite is run either way.
uint16_t PgBouncerPort() {
  const char* through = std::getenv("PERDURE_TEST_THROUGH_PGBOUNCER");
  if (through == nullptr || std::string_view(through) != "1") return 0;
  const char* port = std::getenv("PERDURE_TEST_PGBOUNCER_PORT");
  PERDURE_CHECK(port != nullptr, "scripts/with_postgres.py names the port of its PgBouncer");
  return static_cast<uint16_t>(std::stoi(port));
}

std::string ServerFromEnvironment() {
  const char* server = std::getenv(kServer);
  return server == nullptr ? "" : server;
}

// Without a server nothing here is tested: that is an error, unless it is asked for.
bool RequireServer() {
  if (!ServerFromEnvironment().empty()) return true;
  const char* skip = std::getenv(kNoServer);
  const bool skipped = skip != nullptr && std::string_view(skip) == "1";
  std::fprintf(stderr,
               "%s%s is not set. It is a libpq connection string to a server where databases may be created; "
               "%s=1 goes "
               "without.\n",
               skipped ? "NOT TESTED: PostgreSQL, because " : "FAILED: ", kServer, kNoServer);
  std::_Exit(skipped ? 0 : 1);
}
const bool server_is_there = RequireServer();  // before any test runs

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

constexpr const char* kTables[] = {"writers", "shards", "executions",  "history",    "snapshots",
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
    return std::stoll(admin_.Run(absl::StrCat("SELECT count(*) FROM history WHERE shard = ", key.shard,
                                              " AND run_id = '", key.run_id.ToString(), "'")));
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

}  // namespace

std::unique_ptr<Backend> NewBackend() { return std::make_unique<PostgresBackend>(); }

}  // namespace contract

TEST_CASE("postgres: a connection string that libpq does not understand is refused as such") {
  CHECK(absl::IsInvalidArgument(OpenPostgresStore({.target = "nonsense=1"}).status()));
}

TEST_CASE("postgres: a database without the schema is refused with the command to run") {
  const auto store = OpenPostgresStore({.target = contract::ServerFromEnvironment()});
  CHECK(absl::IsFailedPrecondition(store.status()));
  CHECK(std::string(store.status().message()).find("perdure migrate") != std::string::npos);
}

TEST_CASE("postgres: a fence ends a backend that holds the writer's row, however dead its client") {
  contract::PostgresBackend backend(absl::Milliseconds(50));
  contract::TestSession session(backend.store());
  contract::TestWriter writer(session, 1);
  backend.gate().Give(Gate::Order::kStallToLand);
  const RunKey key = contract::NewRunKey();
  const auto lost = writer.Try(writer.Next({contract::FirstWrite(key, contract::NewUuid(), "half sent")}));
  CHECK(lost.outcome == CommitOutcome::kUnknown);
  CHECK(writer.Refence().last_batch == 0);  // nobody has released the batch: it was ended
  backend.gate().Release();
  CHECK(session.Load(key).rows.empty());
  writer.Commit(contract::FirstWrite(key, contract::NewUuid(), "id"));
}

TEST_CASE("postgres: a new row takes the writer's place every ten thousand batches, and fences follow it") {
  contract::PostgresBackend backend;
  contract::TestSession session(backend.store());
  contract::TestWriter writer(session, 1, {1});
  backend.admin().Run("UPDATE writers SET batch = 9998");
  writer.last_batch = 9998;
  for (int i = 0; i < 4; ++i) {
    writer.Commit(contract::FirstWrite(contract::NewRunKey(), contract::NewUuid(), "id"));
    CHECK(backend.admin().Run("SELECT count(*) FROM writers") == "1");
    if (i == 1) CHECK(writer.Refence().last_batch == 10000);
  }
  contract::TestSession other(backend.store());
  contract::TestWriter heir(other, 2, {1});
  CHECK(writer.Try(writer.Next(std::vector<RunWrite>{})).outcome == CommitOutcome::kFenced);
  CHECK(writer.Refence().last_batch == 10002);
}

TEST_CASE("postgres: reads that are pipelined on a new connection are all answered") {
  contract::PostgresBackend backend;
  contract::TestSession session(backend.store());
  using Runs = absl::StatusOr<std::vector<StoredRun>>;
  std::vector<std::future<Runs>> answers;
  for (int i = 0; i < 50; ++i) {
    answers.push_back(session.Start<Runs>(
        [](Session& s, auto done) { s.LoadRuns({{contract::NewRunKey()}}, std::move(done)); }));
  }
  for (auto& answer : answers) CHECK(answer.get().ok());
}

TEST_CASE("postgres: two takers of a shard that nobody owned do not miss each other") {
  contract::PostgresBackend backend;
  for (ShardId shard = 0; shard < 20; ++shard) {
    contract::TestSession first(backend.store());
    contract::TestSession second(backend.store());
    contract::TestWriter one(first, 1);
    contract::TestWriter two(second, 2);
    auto take = [shard](const contract::TestWriter& writer) {
      return [shard, own = writer.writer](Session& s, auto done) {
        s.TakeShards(own, {shard}, std::move(done));
      };
    };
    auto a = first.Start<absl::StatusOr<bool>>(take(one));
    auto b = second.Start<absl::StatusOr<bool>>(take(two));
    const bool one_took = a.get().ok();
    const bool two_took = b.get().ok();
    const bool both = one_took && two_took;
    const bool one_commits = one.Try(one.Next(std::vector<RunWrite>{})).outcome == CommitOutcome::kCommitted;
    const bool two_commits = two.Try(two.Next(std::vector<RunWrite>{})).outcome == CommitOutcome::kCommitted;
    if (both) CHECK(one_commits != two_commits);
  }
}

TEST_CASE("postgres: a number that does not fit its column refuses the batch, and only that") {
  contract::PostgresBackend backend;
  contract::TestSession session(backend.store());
  contract::TestWriter writer(session, 1);
  RunWrite wide = contract::FirstWrite(contract::NewRunKey(), contract::NewUuid(), "id");
  wide.execution->history_length = int64_t{1} << 40;
  CHECK(writer.Try(writer.Next({wide})).outcome == CommitOutcome::kRefused);
  wide.execution->history_length = 1;
  wide.execution->workflow_id = std::string(1 << 20, '\x7f');
  for (size_t i = 0; i < wide.execution->workflow_id.size(); ++i) {
    wide.execution->workflow_id[i] = static_cast<char>(i * 2654435761U >> 13);  // does not compress
  }
  CHECK(writer.Try(writer.Next({wide})).outcome == CommitOutcome::kRefused);  // too large for an index
  wide.execution->workflow_id = "id";
  writer.Commit(wide);
}

namespace {

// Refuses the batch that is written under other settings than the store's.
constexpr char kRefuseOtherSettings[] = R"(
CREATE FUNCTION refuse_others() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF current_setting('synchronous_commit') = 'off' OR current_setting('statement_timeout') <> '0'
     OR current_setting('lock_timeout') <> '0' OR current_setting('plan_cache_mode') <> 'force_generic_plan'
     OR current_setting('enable_seqscan') <> 'off' OR current_setting('client_min_messages') <> 'warning'
     OR current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'other settings';
  END IF;
  RETURN NEW; END $$;
CREATE TRIGGER refuse_others BEFORE INSERT ON history FOR EACH ROW EXECUTE FUNCTION refuse_others())";

// As a pooler that is asked for a new connection to the database sees it.
void EndOtherBackends(contract::Admin& admin) {
  admin.Run(
      "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
      "WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'");
}

}  // namespace

TEST_CASE("postgres: the store's settings hold whatever the database's defaults, through a pooler too") {
  contract::PostgresBackend made;
  contract::Admin& admin = made.admin();
  const std::string alter = "ALTER DATABASE " + contract::Database::Shared().name();
  const std::vector<std::pair<std::string, std::string>> defaults = {{"synchronous_commit", "off"},
                                                                     {"statement_timeout", "'20s'"},
                                                                     {"lock_timeout", "'20s'"},
                                                                     {"plan_cache_mode", "force_custom_plan"},
                                                                     {"client_min_messages", "error"}};
  for (const auto& [name, value] : defaults) admin.Run(absl::StrCat(alter, " SET ", name, " = ", value));
  admin.Run(kRefuseOtherSettings);
  EndOtherBackends(admin);
  {
    contract::PostgresBackend backend;
    contract::TestSession session(backend.store());
    contract::TestWriter writer(session, 1);
    for (int i = 0; i < 3; ++i) {
      writer.Commit(contract::FirstWrite(contract::NewRunKey(), contract::NewUuid(), "id"));
    }
  }
  admin.Run("DROP TRIGGER refuse_others ON history; DROP FUNCTION refuse_others()");
  for (const auto& [name, value] : defaults) admin.Run(absl::StrCat(alter, " RESET ", name));
  EndOtherBackends(admin);
}

TEST_CASE("postgres: behind a pooler that loses the names of statements the key to set is named") {
  const char* port = std::getenv("PERDURE_TEST_PGBOUNCER_PORT");
  if (port == nullptr) return;
  PostgresOptions options;
  options.target = absl::StrCat(contract::Database::Shared().Direct(), " port=", port);
  const auto store = OpenPostgresStore(options);
  CHECK(absl::IsFailedPrecondition(store.status()));
  CHECK(absl::StrContains(store.status().message(), "store.pgbouncer"));
  options.through_pgbouncer = true;
  CHECK(OpenPostgresStore(options).ok());
}

TEST_CASE("postgres: a default isolation that cannot be changed behind a pooler is named") {
  contract::PostgresBackend made;
  const std::string alter = "ALTER DATABASE " + contract::Database::Shared().name();
  made.admin().Run(alter + " SET default_transaction_isolation = 'repeatable read'");
  EndOtherBackends(made.admin());
  PostgresOptions options;
  options.target = contract::Database::Shared().Direct();
  CHECK(OpenPostgresStore(options).ok());  // straight to the server a session's start sets it
  options.through_pgbouncer = true;
  const auto store = OpenPostgresStore(options);
  CHECK(absl::IsFailedPrecondition(store.status()));
  CHECK(absl::StrContains(store.status().message(), "default_transaction_isolation"));
  made.admin().Run(alter + " RESET default_transaction_isolation");
  EndOtherBackends(made.admin());
}

TEST_CASE("postgres: what a store that is only read sends can write nothing") {
  contract::PostgresBackend made;
  for (const bool unnamed : {false, true}) {
    PostgresOptions options;
    options.target = contract::Database::Shared().Direct();
    options.through_pgbouncer = unnamed;
    options.read_only = true;
    auto store = OpenPostgresStore(options);
    REQUIRE(store.ok());
    contract::TestSession session(**store);
    using Put = absl::StatusOr<bool>;
    const auto put = session.Await<Put>([](Session& in, auto done) {
      in.PutNamespace({contract::NewUuid(), "name", 1, ""}, 0, std::move(done));
    });
    CHECK_FALSE(put.ok());
  }
}

namespace {

// A count takes ten minutes in a namespace that has a run. Made after the store, which looks at its tables.
class SlowExecutions {
 public:
  explicit SlowExecutions(contract::PostgresBackend& backend) : admin_(backend.admin()) {
    contract::TestSession session(backend.store());
    contract::TestWriter writer(session, 1);
    writer.Commit(contract::FirstWrite(contract::NewRunKey(), space, "id"));
  }
  ~SlowExecutions() { admin_.Run("DROP VIEW executions; ALTER TABLE executions_there RENAME TO executions"); }
  SlowExecutions(const SlowExecutions&) = delete;
  SlowExecutions& operator=(const SlowExecutions&) = delete;

  void Begin() {
    admin_.Run(
        "ALTER TABLE executions RENAME TO executions_there; "
        "CREATE VIEW executions AS SELECT * FROM executions_there WHERE pg_sleep(600) IS NOT NULL");
  }
  void EndCounts() {
    admin_.Run("SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity WHERE wait_event = 'PgSleep'");
  }

  const Uuid space = contract::NewUuid();

 private:
  contract::Admin& admin_;
};

using Counted = absl::StatusOr<std::vector<CountGroup>>;

std::future<Counted> StartCount(contract::TestSession& session, const Uuid& space) {
  VisibilityQuery query;
  query.namespace_id = space;
  return session.Start<Counted>(
      [query](Session& in, auto done) { in.CountExecutions(query, std::move(done)); });
}

}  // namespace

TEST_CASE("postgres: a count is stopped at its time limit, through a pooler too") {
  contract::PostgresBackend made;
  for (const bool unnamed : {false, true}) {
    PostgresOptions options;
    options.target = contract::Database::Shared().Direct();
    options.list_time_limit = absl::Milliseconds(100);
    options.through_pgbouncer = unnamed;
    auto store = OpenPostgresStore(options);
    INFO(store.status());
    REQUIRE(store.ok());
    SlowExecutions slow(made);
    slow.Begin();
    contract::TestSession session(**store);
    const Counted answer = StartCount(session, slow.space).get();
    INFO(answer.status());
    CHECK(absl::IsDeadlineExceeded(answer.status()));
  }
}

TEST_CASE("postgres: counts hold up no other read") {
  contract::PostgresBackend backend;
  SlowExecutions slow(backend);
  slow.Begin();
  contract::TestSession session(backend.store());
  std::vector<std::future<Counted>> counts;
  for (int i = 0; i < 10; ++i) counts.push_back(StartCount(session, slow.space));
  const auto namespaces = session.Await<absl::StatusOr<std::vector<NamespaceRow>>>(
      [](Session& in, auto done) { in.ListNamespaces(std::move(done)); });
  CHECK(namespaces.ok());
  for (std::future<Counted>& count : counts) {
    CHECK(count.wait_for(std::chrono::seconds(0)) == std::future_status::timeout);
  }
  for (std::future<Counted>& count : counts) {
    while (count.wait_for(std::chrono::milliseconds(10)) != std::future_status::ready) slow.EndCounts();
  }
}

TEST_CASE("postgres: two rows of one writer are named, with the way out") {
  contract::PostgresBackend backend;
  contract::TestSession session(backend.store());
  contract::TestWriter writer(session, 1);
  backend.admin().Run("INSERT INTO writers (writer_id, generation, epoch, batch) VALUES (1, 7, 1, 1)");
  const auto fenced = session.Await<absl::StatusOr<FencedWriter>>(
      [](Session& in, auto done) { in.Fence(1, std::move(done)); });
  CHECK(absl::IsFailedPrecondition(fenced.status()));
  CHECK(absl::StrContains(fenced.status().message(), "2 rows of writer 1"));
  CHECK(absl::StrContains(fenced.status().message(), "restore"));
}

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

TEST_CASE("postgres: only a refusal that waiting does not change is one for good") {
  const std::string server = contract::ServerFromEnvironment();
  CHECK(absl::IsPermissionDenied(OpenPostgresStore({.target = server + " user=nobody_there"}).status()));
  CHECK(absl::IsPermissionDenied(OpenPostgresStore({.target = server + " dbname=not_there"}).status()));
  CHECK(absl::IsUnavailable(OpenPostgresStore({.target = server + " port=1"}).status()));
}

TEST_CASE("postgres: clients are told none of the database's words") {
  contract::PostgresBackend made;
  PostgresOptions options;
  options.target = contract::Database::Shared().Direct();
  auto store = OpenPostgresStore(options);
  REQUIRE(store.ok());
  contract::TestSession session(**store);
  made.admin().Run("ALTER TABLE executions RENAME TO executions_there");
  const auto found =
      session.Await<absl::StatusOr<std::vector<std::optional<Uuid>>>>([](Session& in, auto done) {
        in.FindCurrentRuns({{1, contract::NewUuid(), "id"}}, std::move(done));
      });
  made.admin().Run("ALTER TABLE executions_there RENAME TO executions");
  CHECK(found.status().message() == "the store refused an operation (42P01)");
}

TEST_CASE("postgres: what the database's defaults would weaken stays durable") {
  contract::PostgresBackend made;
  contract::Admin& admin = made.admin();
  const std::string alter = "ALTER DATABASE " + contract::Database::Shared().name();
  admin.Run(alter + " SET synchronous_commit = off");
  admin.Run(
      "CREATE FUNCTION refuse_if_lazy() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
      "IF current_setting('synchronous_commit') = 'off' THEN RAISE EXCEPTION 'not durable'; END IF; "
      "RETURN NEW; END $$; "
      "CREATE TRIGGER refuse_if_lazy BEFORE INSERT ON history FOR EACH ROW EXECUTE FUNCTION "
      "refuse_if_lazy()");
  CHECK(contract::Admin(contract::Database::Shared().Direct()).Run("SHOW synchronous_commit") == "off");
  {
    contract::PostgresBackend backend;
    contract::TestSession session(backend.store());
    contract::TestWriter writer(session, 1);
    writer.Commit(contract::FirstWrite(contract::NewRunKey(), contract::NewUuid(), "id"));
  }
  admin.Run("DROP TRIGGER refuse_if_lazy ON history; DROP FUNCTION refuse_if_lazy()");
  admin.Run(alter + " RESET synchronous_commit");
}

TEST_CASE("postgres: a commit that a warning goes with is unknown, as where a standby was not awaited") {
  contract::PostgresBackend backend;
  backend.admin().Run(
      "CREATE FUNCTION warn() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
      "RAISE WARNING 'anything'; RETURN NEW; END $$; "
      "CREATE TRIGGER warn BEFORE INSERT ON history FOR EACH ROW EXECUTE FUNCTION warn()");
  contract::TestSession session(backend.store());
  contract::TestWriter writer(session, 1);
  const auto result =
      writer.Try(writer.Next({contract::FirstWrite(contract::NewRunKey(), contract::NewUuid(), "id")}));
  CHECK(result.outcome == CommitOutcome::kUnknown);
  backend.admin().Run("DROP TRIGGER warn ON history; DROP FUNCTION warn()");
  CHECK(writer.Refence().last_batch == 1);
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
