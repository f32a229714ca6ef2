// Whether a database still has the keys that its migrations made. A dump that was restored in part, or while
// a server wrote, leaves tables without them, where one row's place is then taken by two.
#pragma once

#include "persistence/migrate.h"
#include "persistence/postgres/pg_blocking.h"

namespace perdure::persistence {

// Looks for every key and index of `migrations`, those up to `version`. FAILED_PRECONDITION names what lacks
// one, and the way out; UNAVAILABLE with the database's words.
absl::Status CheckKeys(PgBlocking& server, const std::vector<Migration>& migrations, int version);

}  // namespace perdure::persistence
