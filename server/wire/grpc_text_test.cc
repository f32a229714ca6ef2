#include "server/wire/grpc_text.h"

#include <catch2/catch.hpp>

namespace perdure::server {

TEST_CASE("a deadline is read in each of its units") {
  CHECK(ParseGrpcTimeout("1H") == absl::Hours(1));
  CHECK(ParseGrpcTimeout("2M") == absl::Minutes(2));
  CHECK(ParseGrpcTimeout("99999999S") == absl::Seconds(99999999));
  CHECK(ParseGrpcTimeout("10m") == absl::Milliseconds(10));
  CHECK(ParseGrpcTimeout("10u") == absl::Microseconds(10));
  CHECK(ParseGrpcTimeout("0n") == absl::ZeroDuration());
}

TEST_CASE("what is no deadline is none") {
  for (const char* text : {"", "S", "1", "1x", "-1S", "1 S", "123456789S", "S1"}) {
    INFO(text);
    CHECK_FALSE(ParseGrpcTimeout(text).has_value());
  }
}

TEST_CASE("a message is percent-encoded where it is not printable") {
  CHECK(PercentEncoded("plain text, ~ and !") == "plain text, ~ and !");
  CHECK(PercentEncoded("100%\n\xC3\xBC") == "100%25%0A%C3%BC");
}

TEST_CASE("binary values have no padding") {
  CHECK(BinaryValue("a") == "YQ");
  CHECK(BinaryValue("abc") == "YWJj");
  CHECK(BinaryValue("").empty());
}

}  // namespace perdure::server
