// Migrations of a PostgreSQL database. Both connect directly, not through a pooler, and block.
// Errors: as PgBlocking::Connect.
#pragma once

#include <functional>
#include <string>

#include "persistence/migrate.h"
#include "persistence/postgres/pg_blocking.h"

namespace perdure::persistence {

// Applies what is missing under an advisory lock, and answers how many were. `progress` may be null.
absl::StatusOr<int> MigratePostgres(const PgTarget& target,
                                    const std::function<void(const Migration&)>& progress);
absl::StatusOr<SchemaVersion> PostgresSchemaVersion(const PgTarget& target);
absl::StatusOr<SchemaVersion> PostgresSchemaVersion(PgBlocking& connection);

}  // namespace perdure::persistence
