// What a client sent to PostgreSQL on one connection, cut into its parts. Pure.
//
// The bytes are those of the frontend/backend protocol 3.0 (PostgreSQL's manual, "Message Formats"), from the
// startup message on: unencrypted, without a password, every statement by the extended protocol. A part is
// what ends with one Sync, which PostgreSQL runs as one transaction and answers with one ReadyForQuery.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace perdure::bench {

struct WirePart {
  size_t begin = 0;  // in the bytes
  size_t end = 0;
  int executes = 0;
  bool is_batch = false;  // the server's: it moves its writer's row (persistence/postgres/statements.h)
};

struct WireStream {
  std::string bytes;
  std::string options;  // what the startup message says for the session's settings
  std::vector<WirePart> parts;
};

// INVALID_ARGUMENT, saying what is wrong and at which byte. A Terminate at the end is left out.
absl::StatusOr<WireStream> ReadWireStream(std::string bytes);

// The other way: counts ReadyForQuery in what the database answers, in pieces of any size.
class WireAnswers {
 public:
  // ABORTED with the database's words for an error of its own.
  absl::Status Take(std::string_view bytes);
  size_t ready() const { return ready_; }

 private:
  std::string pending_;  // the beginning of a message
  size_t ready_ = 0;
};

}  // namespace perdure::bench
