#include "persistence/postgres/postgres_migrate.h"

#include <libpq-fe.h>

#include <algorithm>
#include <memory>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "persistence/postgres/pg_value.h"

namespace perdure::persistence {
namespace {

// The number is "perdure" in ASCII; the lock ends with the connection.
constexpr char kLock[] = "SELECT pg_advisory_lock(31642826476679781)";
constexpr char kHasVersions[] =
    "SELECT count(*) FROM pg_catalog.pg_class WHERE oid = to_regclass('schema_versions')";
constexpr char kVersion[] = "SELECT coalesce(max(version), 0) FROM schema_versions";
constexpr char kCreateVersions[] =
    "CREATE TABLE IF NOT EXISTS schema_versions (version int4 PRIMARY KEY, "
    "applied_at timestamptz NOT NULL DEFAULT now())";

struct Finish {
  void operator()(PGconn* connection) const { PQfinish(connection); }
};
struct FreeOptions {
  void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
};

// libpq ends its messages with a line feed.
std::string OneLine(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

class Target final : public MigrationTarget {
 public:
  absl::Status Connect(const std::string& text) {
    char* wrong = nullptr;
    const std::unique_ptr<PQconninfoOption, FreeOptions> parsed(PQconninfoParse(text.c_str(), &wrong));
    if (parsed == nullptr) {
      const std::string why = wrong == nullptr ? "out of memory" : OneLine(wrong);
      PQfreemem(wrong);
      return absl::InvalidArgumentError(why);
    }
    const char* const keywords[] = {"connect_timeout", "dbname", nullptr};
    const char* const values[] = {"10", text.c_str(), nullptr};
    connection_.reset(PQconnectdbParams(keywords, values, /*expand_dbname=*/1));
    if (PQstatus(connection_.get()) != CONNECTION_OK) return Error();
    return absl::OkStatus();
  }

  absl::Status Run(const std::string& sql) {
    const PgResult result(PQexec(connection_.get(), sql.c_str()));
    const ExecStatusType status = PQresultStatus(result.get());
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) return absl::OkStatus();
    return Error();
  }

  absl::StatusOr<int> Version() override {
    const absl::StatusOr<int> has = Number(kHasVersions);
    if (!has.ok() || *has == 0) return has;
    return Number(kVersion);
  }

  absl::Status Apply(const Migration& migration) override {
    absl::Status status =
        Run(absl::StrCat("BEGIN; ", kCreateVersions, "; ", std::string(migration.sql),
                         "; INSERT INTO schema_versions (version) VALUES (", migration.version, "); COMMIT"));
    if (!status.ok()) Run("ROLLBACK").IgnoreError();
    return status;
  }

 private:
  absl::Status Error() const { return absl::UnavailableError(OneLine(PQerrorMessage(connection_.get()))); }

  absl::StatusOr<int> Number(const char* sql) {
    const PgResult result(PQexec(connection_.get(), sql));
    if (PQresultStatus(result.get()) != PGRES_TUPLES_OK) return Error();
    int number = 0;
    if (PQntuples(result.get()) != 1 || !absl::SimpleAtoi(PQgetvalue(result.get(), 0, 0), &number)) {
      return absl::InternalError("the table schema_versions holds something else");
    }
    return number;
  }

  std::unique_ptr<PGconn, Finish> connection_;
};

}  // namespace

absl::StatusOr<int> MigratePostgres(const std::string& connection,
                                    const std::function<void(const Migration&)>& progress) {
  Target target;
  if (absl::Status status = target.Connect(connection); !status.ok()) return status;
  if (absl::Status status = target.Run(kLock); !status.ok()) return status;
  return ApplyMigrations(target, PostgresMigrations(), progress);
}

absl::StatusOr<SchemaVersion> PostgresSchemaVersion(const std::string& connection) {
  Target target;
  if (absl::Status status = target.Connect(connection); !status.ok()) return status;
  const absl::StatusOr<int> found = target.Version();
  if (!found.ok()) return found.status();
  return SchemaVersion{*found, static_cast<int>(PostgresMigrations().size())};
}

}  // namespace perdure::persistence
