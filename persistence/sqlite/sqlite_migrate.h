// Migrations of an SQLite file; the store applies them when it opens one.
#pragma once

#include <functional>

#include "persistence/migrate.h"
#include "persistence/sqlite/connection.h"

namespace perdure::persistence {

// Applies what is missing and answers how many were.
absl::StatusOr<int> MigrateSqlite(SqliteConnection& connection,
                                  const std::function<void(const Migration&)>& progress);
absl::StatusOr<SchemaVersion> SqliteSchemaVersion(SqliteConnection& connection);

}  // namespace perdure::persistence
