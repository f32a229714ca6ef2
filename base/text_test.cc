#include "base/text.h"

#include <string>

#include <catch2/catch.hpp>

#include "base/limits.h"

namespace perdure {
namespace {

TEST_CASE("an enum's name is shown in camel case without its prefix") {
  CHECK(CamelCase("EVENT_TYPE_WORKFLOW_TASK_STARTED", "EVENT_TYPE_") == "WorkflowTaskStarted");
  CHECK(CamelCase("RESOURCE_EXHAUSTED_CAUSE_RPS_LIMIT", "RESOURCE_EXHAUSTED_CAUSE_") == "RpsLimit");
}

TEST_CASE("a value without a name stays empty") { CHECK(CamelCase("", "EVENT_TYPE_").empty()); }

TEST_CASE("an IPv6 address stands in brackets before its port") {
  CHECK(HostPort("127.0.0.1", 7233) == "127.0.0.1:7233");
  CHECK(HostPort("::1", 7233) == "[::1]:7233");
}

TEST_CASE("a listener's address is read as it is written") {
  using HostAndPort = std::pair<std::string, int>;
  CHECK(SplitHostPort("127.0.0.1:7233") == HostAndPort("127.0.0.1", 7233));
  CHECK(SplitHostPort("localhost:0") == HostAndPort("localhost", 0));
  CHECK(SplitHostPort("[::1]:65535") == HostAndPort("::1", 65535));
}

TEST_CASE("what is no listener's address is not read as one") {
  for (const char* text : {"", "7233", "host", "host:", ":7233", "[]:7233", "::1:7233", "[host]:7233",
                           "[::1]", "[::1:7233", "host:-1", "host:65536", "host:soon"}) {
    CAPTURE(text);
    CHECK_FALSE(SplitHostPort(text));
  }
}

TEST_CASE("a text is cut between two characters") {
  CHECK(Beginning("order", 9) == "order");
  CHECK(Beginning("order", 2) == "or");
  CHECK(Beginning("a\u00e9\u20ac", 6) == "a\u00e9\u20ac");
  CHECK(Beginning("a\u00e9\u20ac", 5) == "a\u00e9");
  CHECK(Beginning("a\u00e9\u20ac", 2) == "a");
  CHECK(Beginning("\u20ac", 2).empty());
}

TEST_CASE("a client's value is shown whole when it is short, else its beginning and its size") {
  CHECK(Shown("order-1") == "order-1");
  CHECK(Shown(std::string(limits::kShownValue, 'x')) == std::string(limits::kShownValue, 'x'));
  CHECK(Shown(std::string(limits::kShownValue + 1, 'x')) ==
        std::string(limits::kShownValue, 'x') + "... (257 bytes)");
}

}  // namespace
}  // namespace perdure
