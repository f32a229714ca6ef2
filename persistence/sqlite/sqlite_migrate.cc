#include "persistence/sqlite/sqlite_migrate.h"

#include <string>

namespace perdure::persistence {
namespace {

constexpr char kCreateVersions[] =
    "CREATE TABLE IF NOT EXISTS schema_versions (version INTEGER PRIMARY KEY, name TEXT NOT NULL, "
    "applied_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP)";
constexpr char kHasVersions[] = "SELECT count(*) FROM sqlite_master WHERE name = 'schema_versions'";
constexpr char kVersion[] = "SELECT coalesce(max(version), 0) FROM schema_versions";
constexpr char kRecord[] = "INSERT INTO schema_versions (version, name) VALUES (?1, ?2)";

class SqliteTarget final : public MigrationTarget {
 public:
  explicit SqliteTarget(SqliteConnection& connection) : connection_(connection) {}

  absl::StatusOr<int> Version() override {
    absl::StatusOr<int> has = Number(kHasVersions);
    if (!has.ok() || *has == 0) return has;
    return Number(kVersion);
  }

  absl::Status Apply(const Migration& migration) override {
    const std::string sql(migration.sql);
    bool done = connection_.Exec("BEGIN IMMEDIATE") && connection_.Exec(kCreateVersions) &&
                connection_.Exec(sql.c_str()) && Record(migration) && connection_.Exec("COMMIT");
    if (done) return absl::OkStatus();
    absl::Status status = connection_.ReadStatus();
    if (connection_.in_transaction()) connection_.Exec("ROLLBACK");
    return status;
  }

 private:
  absl::StatusOr<int> Number(const char* sql) {
    absl::StatusOr<SqliteStatement> statement = connection_.Prepare(sql);
    if (!statement.ok()) return statement.status();
    if (statement->Step() != SQLITE_ROW) return connection_.ReadStatus();
    return static_cast<int>(statement->Int(0));
  }

  bool Record(const Migration& migration) {
    absl::StatusOr<SqliteStatement> statement = connection_.Prepare(kRecord);
    return statement.ok() && statement->Bind(int64_t{migration.version}, migration.name).Run();
  }

  SqliteConnection& connection_;
};

}  // namespace

absl::StatusOr<int> MigrateSqlite(SqliteConnection& connection,
                                  const std::function<void(const Migration&)>& progress) {
  SqliteTarget target(connection);
  return ApplyMigrations(target, SqliteMigrations(), progress);
}

absl::StatusOr<SchemaVersion> SqliteSchemaVersion(SqliteConnection& connection) {
  SqliteTarget target(connection);
  const absl::StatusOr<int> found = target.Version();
  if (!found.ok()) return found.status();
  return VersionOf(*found, SqliteMigrations());
}

}  // namespace perdure::persistence
