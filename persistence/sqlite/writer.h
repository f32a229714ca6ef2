// The writing side of an SQLite store: one connection, on the store's writer thread. Each call is one
// transaction; transactions of different sessions are never merged, and take effect in the order of the
// calls.
//
// Thread safety: none; the writer thread's.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "absl/functional/function_ref.h"
#include "persistence/batch.h"
#include "persistence/sqlite/connection.h"
#include "persistence/store.h"

namespace perdure::persistence {

class SqliteWriter {
 public:
  explicit SqliteWriter(std::unique_ptr<SqliteConnection> connection) : connection_(std::move(connection)) {}

  absl::StatusOr<FencedWriter> Fence(uint32_t writer_id, const std::optional<Tenure>& tenure);
  absl::StatusOr<FencedWriter> AskWriter(uint32_t writer_id);
  absl::StatusOr<bool> TakeShards(const Writer& writer, const std::vector<ShardId>& shards,
                                  const std::optional<Tenure>& tenure);
  CommitResult Commit(const Batch& batch);
  absl::StatusOr<LeaseAnswer> RenewLease(const NodeRow& node, absl::Duration duration);
  absl::StatusOr<bool> EndLease(const Uuid& incarnation);
  absl::StatusOr<bool> PutNamespace(const NamespaceRow& row, int64_t expected_version);
  absl::StatusOr<bool> RemoveNamespace(const Uuid& id, int64_t expected_version);
  absl::StatusOr<Uuid> ClusterId(const Uuid& candidate);

 private:
  // Runs one statement without rows: false where it fails.
  template <typename... Values>
  bool Run(const char* sql, const Values&... values) {
    SqliteStatement* statement = connection_->Prepared(sql);
    return statement != nullptr && statement->Bind(values...).Run();
  }
  // Runs `body` between BEGIN and COMMIT: body answers whether to commit, an error rolls back.
  absl::StatusOr<bool> InTransaction(absl::FunctionRef<absl::StatusOr<bool>()> body);
  // The first row of a statement, if it has one, goes to `use`. Answers whether there was one.
  template <typename... Values>
  absl::StatusOr<bool> First(const char* sql, absl::FunctionRef<void(const SqliteStatement&)> use,
                             const Values&... values) {
    SqliteStatement* statement = connection_->Prepared(sql);
    if (statement == nullptr) return connection_->ReadStatus();
    const int step = statement->Bind(values...).Step();
    if (step == SQLITE_ROW) use(*statement);
    statement->Reset();
    if (step == SQLITE_ROW) return true;
    if (step == SQLITE_DONE) return false;
    return connection_->ReadStatus();
  }
  void RollBack();
  // FAILED_PRECONDITION when another than this tenure owns the shards.
  absl::Status CheckOwner(const std::optional<Tenure>& tenure);
  absl::Status AddNode(const NodeRow& node, int64_t now, int64_t end);
  absl::StatusOr<LeaseAnswer> Claim(const NodeRow& node, int64_t now, int64_t end);
  CommitResult Failed(bool committing);

  bool Write(const Batch& batch);
  bool Free(const RunWrite& write);
  bool PutExecution(const RunWrite& write);
  bool Append(const RunWrite& write);
  bool PutSnapshot(const RunWrite& write);

  const std::unique_ptr<SqliteConnection> connection_;
};

}  // namespace perdure::persistence
