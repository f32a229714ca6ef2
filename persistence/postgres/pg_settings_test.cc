// The store's own settings hold, whatever the database says and whichever way leads there.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "persistence/postgres/testing/postgres_backend.h"

namespace perdure::persistence {

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

// As a pooler that is asked for a new connection to the database sees it. They are gone when this returns.
void EndOtherBackends(contract::Admin& admin) {
  admin.Run(
      "SELECT count(pg_terminate_backend(pid, 60000)) FROM pg_stat_activity "
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

}  // namespace perdure::persistence
