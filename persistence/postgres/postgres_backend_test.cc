// PostgreSQL's part in the contract suite: a database of its own for each test, reached through a gate.
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string_view>

#include "persistence/postgres/testing/postgres_backend.h"

namespace perdure::persistence::contract {
namespace {

const char* const kNoServer = "PERDURE_TEST_NO_POSTGRES";

// Without a server nothing here is tested: that is an error, unless it is asked for.
bool RequireServer() {
  if (!ServerFromEnvironment().empty()) return true;
  const char* skip = std::getenv(kNoServer);
  const bool skipped = skip != nullptr && std::string_view(skip) == "1";
  std::fprintf(stderr,
               "%s%s is not set. It is a libpq connection string to a server where databases may be created; "
               "%s=1 goes "
               "without.\n",
               skipped ? "NOT TESTED: PostgreSQL, because " : "FAILED: ", kServer, kNoServer);
  std::_Exit(skipped ? 0 : 1);
}
const bool server_is_there = RequireServer();  // before any test runs

}  // namespace

std::unique_ptr<Backend> NewBackend() { return std::make_unique<PostgresBackend>(); }

}  // namespace perdure::persistence::contract
