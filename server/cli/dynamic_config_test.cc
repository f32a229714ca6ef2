#include "server/cli/dynamic_config.h"

#include <catch2/catch.hpp>

#include "base/text.h"

namespace perdure::server {
namespace {

struct SetResult {
  NodeOptions options;
  std::vector<std::string> without_effect;
  absl::Status status;
};

SetResult SetAll(const std::vector<std::string>& settings) {
  SetResult result;
  result.status = SetDynamicConfig(settings, result.options, result.without_effect);
  return result;
}

}  // namespace

TEST_CASE("what exists here takes effect under the real server's name, whatever its case") {
  const SetResult set =
      SetAll({"limit.numPendingActivities.error=7", "LIMIT.historycount.error=100",
              "system.namespaceMinRetentionLocal=\"90s\"", "worker.protectedNamespaces=[\"orders\"]",
              "system.enableCrossNamespaceCommands=true"});
  REQUIRE(set.status.ok());
  CHECK(set.without_effect.empty());
  CHECK(set.options.namespace_defaults.limits.pending_activities == 7);
  CHECK(set.options.namespace_defaults.limits.history_count == 100);
  CHECK(set.options.frontend.min_retention == absl::Seconds(90));
  CHECK(set.options.frontend.protected_namespaces == std::vector<std::string>{"orders"});
  CHECK(set.options.history.cross_namespace_commands);
}

TEST_CASE("what does not exist here, or has another type, has no effect and is named") {
  const SetResult set = SetAll({"matching.numTaskqueueReadPartitions=1", "limit.historyCount.error=\"many\"",
                                "limit.numPendingSignals.error=-1"});
  REQUIRE(set.status.ok());
  CHECK(set.without_effect ==
        std::vector<std::string>{"matching.numTaskqueueReadPartitions",
                                 "limit.historyCount.error (its value is of another type)",
                                 "limit.numPendingSignals.error (its value is of another type)"});
  CHECK(set.options.namespace_defaults.limits == limits::PerNamespace());
}

TEST_CASE("what is no pair, or whose value is no JSON, is refused") {
  CHECK(StdView(SetAll({"nonsense"}).status.message()) ==
        "invalid dynamic config values: missing expected '=' in \"nonsense\"");
  CHECK(StdView(SetAll({"a.b=maybe"}).status.message()) ==
        "invalid dynamic config values: invalid JSON value for key \"a.b\"");
  CHECK_FALSE(SetAll({"a.b="}).status.ok());
}

}  // namespace perdure::server
