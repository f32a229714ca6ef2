#include "persistence/sqlite/connection.h"

#include <algorithm>
#include <cctype>

#include "absl/strings/str_cat.h"
#include "persistence/sqlite/entries.h"

namespace perdure::persistence {
namespace {

constexpr int kBusyMilliseconds = 5000;
// Steps of SQLite's machine, some milliseconds of them at most.
constexpr int kStepsBetweenLooks = 100'000;
// The same of bytes that functions look at, all in one step.
constexpr size_t kBytesBetweenLooks = 4 * 1024 * 1024;

// A pragma's name and value become part of a statement: nothing but words and numbers is taken.
bool IsWord(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_' || c == '-';
  });
}

bool HoldsNonsense(int code) {
  switch (code & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_FORMAT:
    case SQLITE_MISMATCH:
      return true;
    default:
      return false;
  }
}

}  // namespace

std::string SqliteStatement::Bytes(int column) const {
  // The blob first: asking for its size does not convert it then.
  const void* bytes = sqlite3_column_blob(statement_.get(), column);
  const int size = sqlite3_column_bytes(statement_.get(), column);
  return size == 0 ? std::string() : std::string(static_cast<const char*>(bytes), static_cast<size_t>(size));
}

Uuid SqliteStatement::Id(int column) const { return Uuid::FromBytes(Bytes(column)).value_or(Uuid{}); }

void SqliteStatement::BindOne(int index, std::string_view bytes) {
  // A null pointer would bind NULL.
  sqlite3_bind_blob64(statement_.get(), index, bytes.empty() ? "" : bytes.data(), bytes.size(),
                      SQLITE_STATIC);
}

absl::StatusOr<std::unique_ptr<SqliteConnection>> SqliteConnection::Open(const std::string& path,
                                                                         const Pragmas& pragmas, Mode mode) {
  auto connection = std::make_unique<SqliteConnection>();
  sqlite3* database = nullptr;
  const int flags =
      (mode == Mode::kReadOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE) |
      SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  const int opened = sqlite3_open_v2(path.c_str(), &database, flags, nullptr);
  connection->database_.reset(database);
  if (opened != SQLITE_OK) {
    return absl::UnavailableError(absl::StrCat(path, ": ", connection->error_message()));
  }
  sqlite3_busy_timeout(database, kBusyMilliseconds);
  if (!DefineHasEntry(*database, *connection)) {
    return absl::UnavailableError(absl::StrCat(path, ": has_entry: ", connection->error_message()));
  }
  for (const auto& [name, value] : pragmas) {
    if (!IsWord(name) || !IsWord(value)) {
      return absl::InvalidArgumentError(absl::StrCat("not an SQLite pragma: ", name, "=", value));
    }
    if (!connection->Exec(absl::StrCat("PRAGMA ", name, " = ", value).c_str())) {
      return absl::UnavailableError(
          absl::StrCat(path, ": PRAGMA ", name, " = ", value, ": ", connection->error_message()));
    }
  }
  return connection;
}

SqliteStatement* SqliteConnection::Prepared(const char* sql) {
  SqliteStatement& statement = prepared_[sql];
  if (statement.IsNull()) {
    sqlite3_stmt* fresh = nullptr;
    if (sqlite3_prepare_v3(database_.get(), sql, -1, SQLITE_PREPARE_PERSISTENT, &fresh, nullptr) !=
        SQLITE_OK) {
      return nullptr;
    }
    statement = SqliteStatement(fresh);
  }
  return &statement;
}

absl::StatusOr<SqliteStatement> SqliteConnection::Prepare(const std::string& sql) {
  sqlite3_stmt* fresh = nullptr;
  if (sqlite3_prepare_v3(database_.get(), sql.c_str(), -1, 0, &fresh, nullptr) != SQLITE_OK)
    return ReadStatus();
  return SqliteStatement(fresh);
}

void SqliteConnection::StopWhen(std::function<bool()> stop) {
  stop_ = std::move(stop);
  scanned_ = 0;
  const auto ask = [](void* self) {
    return static_cast<SqliteConnection*>(self)->stop_() ? 1 : 0;  // anything but 0 interrupts
  };
  sqlite3_progress_handler(database_.get(), stop_ ? kStepsBetweenLooks : 0, ask, this);
}

bool SqliteConnection::MayScan(size_t bytes) {
  scanned_ += bytes;
  if (!stop_ || scanned_ < kBytesBetweenLooks) return true;
  scanned_ = 0;
  return !stop_();
}

bool SqliteConnection::Exec(const char* sql) {
  return sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr) == SQLITE_OK;
}

absl::Status SqliteConnection::ReadStatus() const {
  const std::string message = absl::StrCat("SQLite: ", error_message());
  if (HoldsNonsense(error_code())) return absl::InternalError(message);
  return absl::UnavailableError(message);
}

CommitResult SqliteConnection::WriteResult(bool committing) const {
  CommitResult result;
  result.message = absl::StrCat("SQLite: ", error_message(), " (", error_code(), ")");
  switch (error_code() & 0xff) {
    case SQLITE_CONSTRAINT:
    case SQLITE_TOOBIG:
      result.outcome = CommitOutcome::kRefused;
      break;
    case SQLITE_IOERR:
      // The frames may have reached the file, and a crash before they are overwritten would bring them back.
      result.outcome = committing ? CommitOutcome::kUnknown : CommitOutcome::kFailed;
      break;
    default:
      result.outcome = CommitOutcome::kFailed;
      break;
  }
  return result;
}

}  // namespace perdure::persistence
