// A blocking connection to PostgreSQL, for what is done once: migrations, and a look at the server before
// serving. Not thread-safe.
#pragma once

#include <libpq-fe.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "persistence/postgres/pg_target.h"

namespace perdure::persistence {

class PgBlocking {
 public:
  // INVALID_ARGUMENT for a string that libpq does not understand; FAILED_PRECONDITION for a file that cannot
  // be read; PERMISSION_DENIED with the database's words where it does not let this user in, or has no such
  // database; UNAVAILABLE otherwise, with its words too: it may answer later.
  static absl::StatusOr<PgBlocking> Connect(const PgTarget& target);

  absl::Status Run(const std::string& sql);
  // The first column of the first row; empty where there is none.
  absl::StatusOr<std::string> Text(const std::string& sql);
  absl::StatusOr<int> Number(const std::string& sql);

  absl::Status Prepare(const std::string& name, const std::string& sql);

  // As the connection's start told it: a pooler tells a number of its own.
  int backend_pid() const { return PQbackendPID(connection_.get()); }
  // What the connection string itself says for `options`.
  const std::string& options() const { return options_; }

 private:
  struct Finish {
    void operator()(PGconn* connection) const { PQfinish(connection); }
  };
  PgBlocking() = default;
  absl::Status Error() const;

  std::unique_ptr<PGconn, Finish> connection_;
  std::string options_;
};

}  // namespace perdure::persistence
