// Migrations: the numbered SQL files of migrations/<database>/, applied in order, each in a transaction of
// its own that also records it in the table schema_versions. Applying is idempotent, and safe while servers
// run: a migration must leave the releases before it working.
//
// The databases' own parts stand in sqlite/sqlite_migrate.h and postgres/postgres_migrate.h.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace perdure::persistence {

struct Migration {
  int version = 0;  // 2, 3, ...: 1 was before the first database that releases can read
  std::string_view name;
  std::string_view sql;
};

// The files that this program carries, in order.
std::vector<Migration> SqliteMigrations();
std::vector<Migration> PostgresMigrations();

struct SchemaVersion {
  int found = 0;   // what the database has; 0: nothing was ever applied
  int needed = 0;  // the newest that this program carries; a database may be ahead of it
  int oldest = 0;  // the first one that this program carries: what is older, it cannot read or migrate
};

SchemaVersion VersionOf(int found, const std::vector<Migration>& carried);

// FAILED_PRECONDITION, with the way out, where something was applied that is older than `oldest`.
absl::Status CheckNotTooOld(int found, int oldest);

// OK where the database is as new as the program or newer; else FAILED_PRECONDITION with `command`, what to
// run, or where nothing helps, what else to do.
absl::Status CheckSchema(const SchemaVersion& version, std::string_view command);

// A database as ApplyMigrations sees it. Not thread-safe.
class MigrationTarget {
 public:
  virtual ~MigrationTarget() = default;
  // The newest version recorded; 0 where the table is missing.
  virtual absl::StatusOr<int> Version() = 0;
  // Runs the SQL and records the version in one transaction.
  virtual absl::Status Apply(const Migration& migration) = 0;
};

// Applies what is newer than the target's version and answers how many were. REQUIRES: the caller keeps
// others from applying at the same time. A database that is too old is refused. `progress` (may be null) is
// told each migration before it is applied.
absl::StatusOr<int> ApplyMigrations(MigrationTarget& target, const std::vector<Migration>& migrations,
                                    const std::function<void(const Migration&)>& progress);

}  // namespace perdure::persistence
