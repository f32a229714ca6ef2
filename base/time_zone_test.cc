#include "base/time_zone.h"

#include <catch2/catch.hpp>

namespace perdure {
namespace {

TEST_CASE("A time zone is found by its name") {
  const auto tokyo = FindTimeZone("Asia/Tokyo");
  REQUIRE(tokyo.has_value());
  CHECK(absl::FormatTime("%H:%M", absl::FromUnixSeconds(0), *tokyo) == "09:00");
  const auto utc = FindTimeZone("UTC");
  REQUIRE(utc.has_value());
  CHECK(*utc == absl::UTCTimeZone());
}

TEST_CASE("What is no plain name of a zone is not looked for on the disk") {
  for (const char* name :
       {"Nowhere/City", "/etc/localtime", "../../etc/passwd", "Asia/../Asia/Tokyo", "Asia//Tokyo", "Asia/",
        "file:Asia/Tokyo", "libc:localtime", "America", "Asia/Tokyo ", "."}) {
    CHECK_FALSE(FindTimeZone(name).has_value());
  }
}

}  // namespace
}  // namespace perdure
