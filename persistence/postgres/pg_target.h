// Which database, and how one logs in. Files are read at each connect, so that a renewed password needs no
// restart. Safe from any thread.
#pragma once

#include <string>
#include <utility>

#include "absl/status/statusor.h"

namespace perdure::persistence {

struct PgTarget {
  PgTarget() = default;
  PgTarget(std::string its_connection)  // NOLINT(google-explicit-constructor): most have nothing else
      : connection(std::move(its_connection)) {}
  PgTarget(const char* its_connection)  // NOLINT(google-explicit-constructor)
      : connection(its_connection) {}

  std::string connection;       // as libpq takes it: keywords and values, or a URI
  std::string connection_file;  // holds what takes the place of `connection`; empty: none
  std::string password_file;    // holds the password; empty: none
};

struct PgLogin {
  std::string connection;
  std::string password;  // empty: as `connection` and the environment say
};

// FAILED_PRECONDITION, naming the file that cannot be read. White space at their ends is not part of them.
absl::StatusOr<PgLogin> ReadLogin(const PgTarget& target);

}  // namespace perdure::persistence
