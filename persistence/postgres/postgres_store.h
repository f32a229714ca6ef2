// The store on PostgreSQL 15 and later, by libpq in pipeline mode (DESIGN, sections 4 and 5).
//
// A commit is one pipeline with one Sync: an implicit transaction of the fencing statement and one multi-row
// statement a table. Connections live on one thread of the store; each session has a connection for its
// writes, reads share a few, and lists and counts a few others. A connection is made when it is first needed,
// and again, after a pause that grows, when it was lost.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/limits.h"
#include "persistence/postgres/pg_target.h"
#include "persistence/store.h"

namespace perdure::persistence {

struct PostgresOptions {
  PgTarget target;
  // A pooler that does not keep the names of statements (PgBouncer below 1.21): statements go without. One
  // that does is found at opening.
  bool through_pgbouncer = false;
  size_t read_connections = 2;
  size_t list_connections = 2;
  absl::Duration list_time_limit = limits::kListTime;
  // A fence or a takeover that waits longer for another backend's transaction ends that backend.
  absl::Duration blocked_fence_limit = absl::Seconds(2);
  // The statement that renews the lease, which is short, has had no answer for so long: the observer is told
  // that the database is away.
  absl::Duration silence_limit = absl::Seconds(5);
  StoreObserver* observer = nullptr;  // may be null; outlives the store
  bool read_only = false;             // to look at a database, also one that is served: every write fails
};

// Connects once, to tell a wrong address or password at once. Errors are those of PgBlocking::Connect, and
// FAILED_PRECONDITION where the schema is too old, the database is read-only, a file cannot be read, or a
// pooler in between needs another setting.
absl::StatusOr<std::unique_ptr<Store>> OpenPostgresStore(const PostgresOptions& options);

}  // namespace perdure::persistence
