#include "base/text.h"

#include <catch2/catch.hpp>

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

}  // namespace
}  // namespace perdure
