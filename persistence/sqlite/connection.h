// One SQLite connection and its prepared statements, thin over the C API.
//
// Thread safety: none; each connection lives on one thread of the store.
// Errors: a call that fails keeps SQLite's extended code, which the caller maps (WriteOutcome, ReadStatus).
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "base/ids.h"
#include "persistence/batch.h"

namespace perdure::persistence {

// A prepared statement, bound and stepped. Parameters and columns are numbered from 0.
class SqliteStatement {
 public:
  SqliteStatement() = default;
  explicit SqliteStatement(sqlite3_stmt* statement) : statement_(statement) {}

  // Binds every parameter in order. Text and ids are bound as blobs, without a copy: they must outlive the
  // run.
  template <typename... Values>
  SqliteStatement& Bind(const Values&... values) {
    Reset();
    int index = 0;
    (BindOne(++index, values), ...);
    return *this;
  }
  // The same for parameters known at run time only: a range of variants.
  template <typename Variants>
  void BindAll(const Variants& values) {
    Reset();
    int index = 0;
    for (const auto& value : values) {
      ++index;
      std::visit([&](const auto& one) { this->BindOne(index, one); }, value);
    }
  }

  bool IsNull() const { return statement_ == nullptr; }

  // SQLITE_ROW, SQLITE_DONE or an error.
  int Step() { return sqlite3_step(statement_.get()); }
  // For statements without rows: true when done; otherwise the connection has the error.
  bool Run() {
    const bool done = Step() == SQLITE_DONE;
    Reset();
    return done;
  }
  void Reset() { sqlite3_reset(statement_.get()); }

  int64_t Int(int column) const { return sqlite3_column_int64(statement_.get(), column); }
  bool IsNull(int column) const { return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL; }
  std::string Bytes(int column) const;
  // Nil when the column does not hold 16 bytes.
  Uuid Id(int column) const;

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  void BindOne(int index, int64_t value) { sqlite3_bind_int64(statement_.get(), index, value); }
  void BindOne(int index, std::string_view bytes);
  void BindOne(int index, const std::string& bytes) { BindOne(index, std::string_view(bytes)); }
  void BindOne(int index, const Uuid& id) { BindOne(index, id.View()); }

  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

class SqliteConnection {
 public:
  using Pragmas = std::vector<std::pair<std::string, std::string>>;

  enum class Mode { kReadWrite, kReadOnly };
  // Opens the file (to write: or creates it), and sets each pragma. The path is a file's, never a URI.
  static absl::StatusOr<std::unique_ptr<SqliteConnection>> Open(const std::string& path,
                                                                const Pragmas& pragmas,
                                                                Mode mode = Mode::kReadWrite);

  // A statement that is prepared once. `sql` is a constant. Null where it cannot be prepared (see
  // error_code()).
  SqliteStatement* Prepared(const char* sql);
  absl::StatusOr<SqliteStatement> Prepare(const std::string& sql);
  bool Exec(const char* sql);

  // Asks again and again, while statements run, whether to stop: they then fail. Null: never.
  void StopWhen(std::function<bool()> stop);
  // Of an SQL function that is about to look at so many bytes: false when its statement is to stop. What is
  // asked again and again is asked after some megabytes, too.
  bool MayScan(size_t bytes);

  int error_code() const { return sqlite3_extended_errcode(database_.get()); }
  std::string error_message() const { return sqlite3_errmsg(database_.get()); }
  int64_t changes() const { return sqlite3_changes64(database_.get()); }
  bool in_transaction() const { return sqlite3_get_autocommit(database_.get()) == 0; }

  // The last error as reads answer it: UNAVAILABLE, or INTERNAL where the file does not hold what it should.
  absl::Status ReadStatus() const;
  // The last error as a commit answers it; `committing`: it was the COMMIT itself that failed.
  CommitResult WriteResult(bool committing) const;

 private:
  struct Close {
    void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
  };
  std::function<bool()> stop_;
  size_t scanned_ = 0;  // since it was asked
  std::unique_ptr<sqlite3, Close> database_;
  absl::flat_hash_map<const char*, SqliteStatement> prepared_;
};

}  // namespace perdure::persistence
