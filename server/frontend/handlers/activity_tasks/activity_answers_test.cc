// What workers answer for activities, as it reaches the engine.
#include <optional>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "base/limits.h"
#include "server/frontend/handlers/handlers.h"
#include "server/frontend/testing/fake_call.h"

namespace perdure::server::testing {
namespace {

using temporal::api::failure::v1::Failure;

// Failures that reached the engine; nullopt where there was none.
using Failures = std::vector<std::optional<Failure>>;

void Collect(FakeNode& node, Failures& failures) {
  node.history.execute = [&](const RunRef&, const engine::workflow::Request& request) {
    const auto& failed = std::get<engine::workflow::FailActivity>(request).request;
    failures.push_back(failed.has_failure() ? std::optional(failed.failure()) : std::nullopt);
    return engine::workflow::Reply(engine::workflow::ActivityFailedReply());
  };
}

}  // namespace

TEST_CASE("by its token an activity is failed with an application's failure; by its id with any, or none") {
  FakeNode node;
  Failures failures;
  Collect(node, failures);
  api::RespondActivityTaskFailedRequest by_token;
  by_token.set_task_token(node.Token("order-1", node.ids.Mint()));
  by_token.mutable_failure()->mutable_timeout_failure_info();
  CHECK(ErrorOf(node, "RespondActivityTaskFailed", by_token) == "Failure must have ApplicationFailureInfo.");
  by_token.mutable_failure()->mutable_application_failure_info();
  CHECK(ErrorOf(node, "RespondActivityTaskFailed", by_token) == "OK");

  api::RespondActivityTaskFailedByIdRequest by_id;
  by_id.set_namespace_("default");
  by_id.set_workflow_id("order-1");
  by_id.set_activity_id("charge");
  CHECK(ErrorOf(node, "RespondActivityTaskFailedById", by_id) == "OK");
  by_id.mutable_failure()->set_message("broken");
  CHECK(ErrorOf(node, "RespondActivityTaskFailedById", by_id) == "OK");
  by_id.mutable_failure()->mutable_timeout_failure_info();
  CHECK(ErrorOf(node, "RespondActivityTaskFailedById", by_id) == "OK");
  REQUIRE(failures.size() == 4);
  CHECK_FALSE(failures[1].has_value());
  CHECK(failures[2]->message() == "broken");
  CHECK(failures[3]->has_timeout_failure_info());
}

TEST_CASE("of a failure with many causes the engine sees those that all clients can read") {
  FakeNode node;
  Failures failures;
  Collect(node, failures);
  api::RespondActivityTaskFailedRequest request;
  request.set_task_token(node.Token("order-1", node.ids.Mint()));
  Failure* cause = request.mutable_failure();
  cause->mutable_application_failure_info();
  for (int i = 0; i < 200; ++i) cause = cause->mutable_cause();
  REQUIRE(ErrorOf(node, "RespondActivityTaskFailed", request) == "OK");
  int kept = 1;
  const Failure* last = &*failures.at(0);
  for (; last->has_cause(); last = &last->cause()) ++kept;
  CHECK(kept == limits::kChain);
  CHECK(last->message() == "(131 more causes were cut)");
}

}  // namespace perdure::server::testing
