// The writing side of an SQLite store: one connection, on the store's writer thread. Each call is one
// transaction; transactions of different sessions are never merged, and take effect in the order of the
// calls.
//
// Thread safety: none; the writer thread's.
#pragma once

#include <memory>
#include <vector>

#include "persistence/batch.h"
#include "persistence/sqlite/connection.h"
#include "persistence/store.h"

namespace perdure::persistence {

class SqliteWriter {
 public:
  explicit SqliteWriter(std::unique_ptr<SqliteConnection> connection) : connection_(std::move(connection)) {}

  absl::StatusOr<FencedWriter> Fence(uint32_t writer_id);
  absl::StatusOr<bool> TakeShards(const Writer& writer, const std::vector<ShardId>& shards);
  CommitResult Commit(const Batch& batch);
  absl::StatusOr<bool> RenewLease(const Uuid& node, absl::Duration duration);
  absl::StatusOr<bool> PutNamespace(const NamespaceRow& row, int64_t expected_version);
  absl::StatusOr<Uuid> ClusterId(const Uuid& candidate);

 private:
  // Runs one statement without rows: false where it fails.
  template <typename... Values>
  bool Run(const char* sql, const Values&... values) {
    SqliteStatement* statement = connection_->Prepared(sql);
    return statement != nullptr && statement->Bind(values...).Run();
  }
  // Runs `body` between BEGIN and COMMIT: body answers whether to commit, an error rolls back.
  template <typename Body>
  absl::StatusOr<bool> InTransaction(Body body);
  void RollBack();
  CommitResult Failed(bool committing);

  bool Write(const Batch& batch);
  bool Free(const RunWrite& write);
  bool PutExecution(const RunWrite& write);
  bool Append(const RunWrite& write);
  bool PutSnapshot(const RunWrite& write);

  const std::unique_ptr<SqliteConnection> connection_;
};

}  // namespace perdure::persistence
