// What no store is opened on, and how that is told.
#include <catch2/catch.hpp>
#include <string>

#include "persistence/postgres/testing/postgres_backend.h"

namespace perdure::persistence {

TEST_CASE("postgres: a connection string that libpq does not understand is refused as such") {
  CHECK(absl::IsInvalidArgument(OpenPostgresStore({.target = "nonsense=1"}).status()));
}

TEST_CASE("postgres: a database without the schema is refused with the command to run") {
  const auto store = OpenPostgresStore({.target = contract::ServerFromEnvironment()});
  CHECK(absl::IsFailedPrecondition(store.status()));
  CHECK(std::string(store.status().message()).find("perdure migrate") != std::string::npos);
}

TEST_CASE("postgres: only a refusal that waiting does not change is one for good") {
  const std::string server = contract::ServerFromEnvironment();
  CHECK(absl::IsPermissionDenied(OpenPostgresStore({.target = server + " user=nobody_there"}).status()));
  CHECK(absl::IsPermissionDenied(OpenPostgresStore({.target = server + " dbname=not_there"}).status()));
  CHECK(absl::IsUnavailable(OpenPostgresStore({.target = server + " port=1"}).status()));
}

}  // namespace perdure::persistence
