// The store on PostgreSQL 15 and later, by libpq in pipeline mode (DESIGN, sections 4 and 5).
//
// A commit is one pipeline with one Sync: an implicit transaction of the fencing statement and one multi-row
// statement a table. Connections live on one thread of the store; each session has a connection for its
// writes, reads share a few. A connection is made when it is first needed, and again, after a pause that
// grows, when it was lost.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "persistence/postgres/pg_target.h"
#include "persistence/store.h"

namespace perdure::persistence {

struct PostgresOptions {
  PgTarget target;
  // PgBouncer below 1.21 in transaction mode: no named statements, no start-up options.
  bool through_pgbouncer = false;
  size_t read_connections = 2;
  // A fence or a takeover that waits longer for another backend's transaction ends that backend.
  absl::Duration blocked_fence_limit = absl::Seconds(2);
  StoreObserver* observer = nullptr;  // may be null; outlives the store
  bool read_only = false;             // to look at a database, also one that is served: every write fails
};

// Connects once, to tell a wrong address or password at once: INVALID_ARGUMENT for a string that libpq does
// not understand, UNAVAILABLE with the database's words otherwise. FAILED_PRECONDITION where the schema is
// too old, the database is read-only, or a file cannot be read.
absl::StatusOr<std::unique_ptr<Store>> OpenPostgresStore(const PostgresOptions& options);

}  // namespace perdure::persistence
