// The settings that every transaction of the store runs under, whatever the defaults of the database and of
// the role are: what is acknowledged is durable, and a statement is planned and ended as this program says.
//
// Straight to PostgreSQL they are given once, as options of the connection's start. A pooler drops or refuses
// those, and lends a transaction any connection: there each exchange sets them again, for itself alone.
//
// Pure but for FindSettings and FindRoute, which ask the server. Not thread-safe: they use its connection.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "persistence/postgres/pg_blocking.h"
#include "persistence/postgres/pg_connection.h"

namespace perdure::persistence {

// What stands between this program and PostgreSQL.
enum class PgRoute {
  kDirect,
  kPooler,           // a name given to a statement means nothing to the next transaction
  kPoolerWithNames,  // the pooler gives each transaction the statements that its client has named
};

// Errors: UNAVAILABLE with the database's words.
absl::StatusOr<PgRoute> FindRoute(PgBlocking& server);

struct PgSettings {
  std::vector<std::pair<std::string, std::string>> values;
  std::string connection_options;  // `options` of the connection string: they win, but for durability
};

// What the server at hand needs. FAILED_PRECONDITION where a pooler stands in between and the role's default
// isolation, which no statement can change for its own transaction, is not READ COMMITTED.
absl::StatusOr<PgSettings> FindSettings(PgBlocking& server, PgRoute route, bool read_only);

// The same, with another bound on how long a statement may run; zero: none.
PgSettings WithStatementTimeout(PgSettings settings, absl::Duration limit);

// How a connection carries the settings.
struct PgCarriage {
  std::string startup;                // `options` of the connection's start; empty: none are sent
  std::vector<PgStatement> guard;     // fails where the start's options were dropped on the way
  std::vector<PgStatement> prologue;  // what each exchange begins with
};
PgCarriage CarriageOf(const PgSettings& settings, PgRoute route);

// For the transactions of a blocking connection: nothing cuts them short, and their commit is durable.
inline constexpr char kUnboundedTransaction[] =
    "BEGIN; SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0; "
    "SET LOCAL idle_in_transaction_session_timeout = 0; ";

}  // namespace perdure::persistence
