// Migrations of a PostgreSQL database. All block; a pooler in transaction mode may stand in between.
// Errors: as PgBlocking::Connect.
#pragma once

#include <functional>
#include <string>

#include "persistence/migrate.h"
#include "persistence/postgres/pg_blocking.h"

namespace perdure::persistence {

// Applies what is missing under an advisory lock, and answers how many were. `progress` may be null. Then
// checks the keys.
absl::StatusOr<int> MigratePostgres(const PgTarget& target,
                                    const std::function<void(const Migration&)>& progress);
absl::StatusOr<SchemaVersion> PostgresSchemaVersion(const PgTarget& target);
absl::StatusOr<SchemaVersion> PostgresSchemaVersion(PgBlocking& connection);
// FAILED_PRECONDITION where keys of the schema that the database has are missing (pg_keys.h).
absl::Status CheckPostgresKeys(const PgTarget& target);
absl::Status CheckPostgresKeys(PgBlocking& connection);

}  // namespace perdure::persistence
