// Migrations of a PostgreSQL database. Both connect directly, not through a pooler, and block.
#pragma once

#include <functional>
#include <string>

#include "persistence/migrate.h"

namespace perdure::persistence {

// Applies what is missing under an advisory lock, and answers how many were. `progress` may be null.
// INVALID_ARGUMENT for a string that libpq does not understand; UNAVAILABLE with the database's words otherwise.
absl::StatusOr<int> MigratePostgres(const std::string& connection,
                                    const std::function<void(const Migration&)>& progress);
absl::StatusOr<SchemaVersion> PostgresSchemaVersion(const std::string& connection);

}  // namespace perdure::persistence
