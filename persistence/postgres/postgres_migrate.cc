#include "persistence/postgres/postgres_migrate.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "persistence/postgres/pg_keys.h"
#include "persistence/postgres/pg_settings.h"

namespace perdure::persistence {
namespace {

// The number is "perdure" in ASCII. A transaction of its own holds the lock, on a connection beside that of
// the migrations: a session's lock would stay behind on some connection of a pooler in transaction mode.
constexpr char kLock[] = "SELECT pg_advisory_xact_lock(31642826476679781)";
constexpr char kUnlock[] = "COMMIT";
constexpr char kHasVersions[] =
    "SELECT count(*) FROM pg_catalog.pg_class WHERE oid = to_regclass('schema_versions')";
constexpr char kVersion[] = "SELECT coalesce(max(version), 0) FROM schema_versions";
constexpr char kCreateVersions[] =
    "CREATE TABLE IF NOT EXISTS schema_versions (version int4 PRIMARY KEY, "
    "applied_at timestamptz NOT NULL DEFAULT now())";

class Target final : public MigrationTarget {
 public:
  explicit Target(PgBlocking& connection) : connection_(connection) {}

  absl::StatusOr<int> Version() override {
    absl::StatusOr<int> has = connection_.Number(kHasVersions);
    if (!has.ok() || *has == 0) return has;
    return connection_.Number(kVersion);
  }

  absl::Status Apply(const Migration& migration) override {
    absl::Status status = connection_.Run(
        absl::StrCat(kUnboundedTransaction, kCreateVersions, "; ", std::string(migration.sql),
                     "; INSERT INTO schema_versions (version) VALUES (", migration.version, "); COMMIT"));
    if (!status.ok()) connection_.Run("ROLLBACK").IgnoreError();
    return status;
  }

 private:
  PgBlocking& connection_;
};

}  // namespace

absl::StatusOr<int> MigratePostgres(const PgTarget& target,
                                    const std::function<void(const Migration&)>& progress) {
  absl::StatusOr<PgBlocking> lock = PgBlocking::Connect(target);
  if (!lock.ok()) return lock.status();
  if (absl::Status status = lock->Run(absl::StrCat(kUnboundedTransaction, kLock)); !status.ok())
    return status;
  absl::StatusOr<PgBlocking> opened = PgBlocking::Connect(target);
  if (!opened.ok()) return opened.status();
  Target database(*opened);
  absl::StatusOr<int> applied = ApplyMigrations(database, PostgresMigrations(), progress);
  absl::Status keys;
  if (applied.ok()) keys = CheckPostgresKeys(*opened);
  lock->Run(kUnlock).IgnoreError();  // it ends with the connection too
  if (!keys.ok()) return keys;
  return applied;
}

absl::StatusOr<SchemaVersion> PostgresSchemaVersion(const PgTarget& target) {
  absl::StatusOr<PgBlocking> opened = PgBlocking::Connect(target);
  if (!opened.ok()) return opened.status();
  return PostgresSchemaVersion(*opened);
}

absl::StatusOr<SchemaVersion> PostgresSchemaVersion(PgBlocking& connection) {
  Target target(connection);
  const absl::StatusOr<int> found = target.Version();
  if (!found.ok()) return found.status();
  return VersionOf(*found, PostgresMigrations());
}

absl::Status CheckPostgresKeys(PgBlocking& connection) {
  const absl::StatusOr<SchemaVersion> version = PostgresSchemaVersion(connection);
  if (!version.ok()) return version.status();
  if (absl::Status status = CheckNotTooOld(version->found, version->oldest); !status.ok()) return status;
  return CheckKeys(connection, PostgresMigrations(), version->found);
}

absl::Status CheckPostgresKeys(const PgTarget& target) {
  absl::StatusOr<PgBlocking> opened = PgBlocking::Connect(target);
  if (!opened.ok()) return opened.status();
  return CheckPostgresKeys(*opened);
}

}  // namespace perdure::persistence
