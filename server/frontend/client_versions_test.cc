#include "server/frontend/client_versions.h"

#include <catch2/catch.hpp>

namespace perdure::server {

TEST_CASE("a client of a version that is served passes, and so does one that is unknown or says nothing") {
  CHECK(CheckClientVersion("temporal-go", "1.31.0").ok());
  CHECK(CheckClientVersion("temporal-go", "2.0.0-rc1").ok());
  CHECK(CheckClientVersion("temporal-ui", "2.54.1").ok());
  CHECK(CheckClientVersion("temporal-python", "9.0.0").ok());
  CHECK(CheckClientVersion("", "").ok());
}

TEST_CASE("a client of a version that is not served is refused in the real server's words") {
  const absl::Status refused = CheckClientVersion("temporal-go", "3.0.0");
  CHECK(refused.code() == absl::StatusCode::kFailedPrecondition);
  CHECK(refused.message() ==
        "Client version 3.0.0 is not supported. Server supports temporal-go versions: <2.0.0");
  CHECK(CheckClientVersion("temporal-go", "2.0.1-rc1").code() == absl::StatusCode::kFailedPrecondition);
}

TEST_CASE("what is no version is refused") {
  for (const char* version : {"x", "1.0", "1.0.x", "-", "1..0"}) {
    CHECK(CheckClientVersion("temporal-go", version).code() == absl::StatusCode::kInvalidArgument);
  }
}

}  // namespace perdure::server
