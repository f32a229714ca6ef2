// The store in one SQLite file: for the dev server with a file, and for small installations of one node.
//
// One thread writes, one reads and one lists, each with a connection of its own (WAL mode), so that a long
// list holds up neither commits nor other reads. With synchronous=FULL, the default, an acknowledged batch
// survives the loss of power.
//
// One process serves a file: a lock beside it ("<path>-lock") keeps others out. Migrations are applied at
// opening.
//
// Outcomes: a full disk, a read-only or busy file are kFailed; an I/O error of COMMIT itself is kUnknown,
// because the frames may have reached the file: Fence then writes over them.
//
// Thread safety: as Store.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/limits.h"
#include "persistence/migrate.h"
#include "persistence/store.h"
#include "spdlog/logger.h"

namespace perdure::persistence {

struct SqliteStoreOptions {
  std::string path;  // created if missing; a file's name, never a URI
  bool survive_power_loss =
      true;  // synchronous=FULL; otherwise NORMAL: the last batches may vanish with the power
  std::vector<std::pair<std::string, std::string>> pragmas;  // set last, on all connections
  absl::Duration list_time_limit = limits::kListTime;
  StoreObserver* observer = nullptr;       // outlives the store
  std::shared_ptr<spdlog::logger> logger;  // may be null
};

// FAILED_PRECONDITION where another process serves the file; UNAVAILABLE where it cannot be opened or
// migrated.
absl::StatusOr<std::unique_ptr<Store>> OpenSqliteStore(SqliteStoreOptions options);

// To look at a file, also one that is served: no lock, no migration, and every write fails. Errors:
// UNAVAILABLE where there is no such file, FAILED_PRECONDITION where its schema is too old.
absl::StatusOr<std::unique_ptr<Store>> OpenSqliteStoreReadOnly(const std::string& path);
// The schema of a file that exists.
absl::StatusOr<SchemaVersion> SqliteFileSchemaVersion(const std::string& path);

}  // namespace perdure::persistence
