// The reading side of an SQLite store: one connection, on the store's reader thread. Each call is one
// transaction.
//
// Thread safety: none; the reader thread's. Errors: as Session's.
#pragma once

#include <memory>
#include <vector>

#include "persistence/sqlite/connection.h"
#include "persistence/store.h"
#include "persistence/visibility_sql.h"

namespace perdure::persistence {

class SqliteReader {
 public:
  explicit SqliteReader(std::unique_ptr<SqliteConnection> connection) : connection_(std::move(connection)) {}

  absl::StatusOr<std::vector<StoredRun>> LoadRuns(const LoadQuery& query);
  absl::StatusOr<std::vector<std::optional<Uuid>>> FindCurrentRuns(const std::vector<WorkflowKey>& keys);
  absl::StatusOr<std::vector<HistoryRow>> ReadHistory(const HistoryQuery& query);
  absl::StatusOr<std::vector<WakeRow>> ReadWakes(const WakeQuery& query);
  absl::StatusOr<VisibilityPage> ListExecutions(const VisibilityQuery& query);
  absl::StatusOr<std::vector<CountGroup>> CountExecutions(const VisibilityQuery& query);
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
  absl::StatusOr<CountBy> WayToCount(const VisibilityQuery& query);

  const std::unique_ptr<SqliteConnection> connection_;
};

}  // namespace perdure::persistence
