// The reading side of an SQLite store: one connection, on a thread of the store's. Each call is one
// transaction.
//
// Thread safety: none; that thread's. Errors: as Session's.
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "absl/time/time.h"
#include "base/executor.h"
#include "persistence/sqlite/connection.h"
#include "persistence/store.h"
#include "persistence/visibility_sql.h"

namespace perdure::persistence {

class SqliteReader {
 public:
  explicit SqliteReader(std::unique_ptr<SqliteConnection> connection) : connection_(std::move(connection)) {}

  absl::StatusOr<std::vector<StoredRun>> LoadRuns(const LoadQuery& query);
  absl::StatusOr<std::vector<std::optional<Uuid>>> FindCurrentRuns(const std::vector<EntityKey>& keys);
  absl::StatusOr<std::vector<HistoryRow>> ReadHistory(const HistoryQuery& query);
  absl::StatusOr<std::vector<WakeRow>> ReadWakes(const WakeQuery& query);
  // How long a list may run, and whether it is to stop at once. DEADLINE_EXCEEDED then.
  struct Bound {
    const Executor& thread;  // the one that calls
    absl::Duration limit;
    const std::atomic<bool>& ending;
  };
  absl::StatusOr<VisibilityPage> ListExecutions(const VisibilityQuery& query, const Bound& bound);
  absl::StatusOr<std::vector<CountGroup>> CountExecutions(const VisibilityQuery& query, const Bound& bound);
  absl::StatusOr<std::vector<NamespaceRow>> ListNamespaces();

 private:
  // Runs the statement and calls `row` for each of its rows, until it answers false.
  template <typename Row, typename... Values>
  absl::Status Each(const char* sql, Row row, const Values&... values);
  template <typename Row>
  absl::Status Each(SqliteStatement& statement, Row row);
  // Whether the run is there, and is not to be removed.
  absl::Status LookForRun(StoredRun& run, std::optional<absl::Time> due_by);
  absl::Status LoadRun(StoredRun& run);
  // Answers what `read` does, or that it took too long.
  template <typename Read>
  auto Within(const Bound& bound, Read read) -> decltype(read());
  absl::StatusOr<VisibilityPage> List(const VisibilityQuery& query);
  absl::StatusOr<std::vector<CountGroup>> Count(const VisibilityQuery& query);
  absl::StatusOr<CountBy> WayToCount(const VisibilityQuery& query);

  const std::unique_ptr<SqliteConnection> connection_;
};

}  // namespace perdure::persistence
