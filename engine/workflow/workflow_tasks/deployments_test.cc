// What workers say of their deployments is kept and shown; nothing is done about it.

#include <catch2/catch.hpp>

#include "engine/workflow/testing/test_run.h"

namespace perdure::engine::workflow::testing {
namespace {

namespace enums = temporal::api::enums::v1;
using CompletedRequest = api::RespondWorkflowTaskCompletedRequest;

// A completion by the worker of a version.
With<CompletedRequest> OfVersion(const std::string& build_id, enums::VersioningBehavior behavior) {
  return [=](CompletedRequest& request) {
    auto& options = *request.mutable_deployment_options();
    options.set_deployment_name("orders");
    options.set_build_id(build_id);
    options.set_worker_versioning_mode(enums::WORKER_VERSIONING_MODE_VERSIONED);
    request.set_versioning_behavior(behavior);
    request.set_force_create_new_workflow_task(true);
  };
}

void Complete(TestRun& run, const With<CompletedRequest>& with) {
  run.PollWorkflowTask();
  REQUIRE(run.Complete({}, with).ok());
}

// A search attribute's value, or nothing.
std::string Attribute(const TestRun& run, const std::string& name) {
  const auto attributes = SearchAttributesOf(run.state());
  const auto found = attributes.indexed_fields().find(name);
  return found == attributes.indexed_fields().end() ? "" : found->second.data();
}

temporal::api::workflow::v1::WorkflowExecutionInfo InfoOf(const TestRun& run) {
  return Describe(run.state(), run.now()).workflow_execution_info();
}

TEST_CASE("A run that a pinned worker completed a task of shows its version") {
  TestRun run;
  REQUIRE(run.Start().ok());
  Complete(run, OfVersion("1", enums::VERSIONING_BEHAVIOR_PINNED));
  const auto& completed = run.Event(4).workflow_task_completed_event_attributes();
  CHECK(completed.versioning_behavior() == enums::VERSIONING_BEHAVIOR_PINNED);
  CHECK(completed.deployment_version().deployment_name() == "orders");
  CHECK(completed.deployment_version().build_id() == "1");
  CHECK(completed.worker_deployment_name() == "orders");
  const auto info = InfoOf(run);
  CHECK(info.versioning_info().behavior() == enums::VERSIONING_BEHAVIOR_PINNED);
  CHECK(info.versioning_info().version() == "orders.1");
  CHECK(info.versioning_info().deployment_version().build_id() == "1");
  CHECK(Attribute(run, "BuildIds") == R"(["pinned:orders:1"])");
  CHECK(Attribute(run, "TemporalUsedWorkerDeploymentVersions") == R"(["orders:1"])");
  CHECK(Attribute(run, "TemporalWorkerDeployment") == R"("orders")");
  CHECK(Attribute(run, "TemporalWorkerDeploymentVersion") == R"("orders:1")");
  CHECK(Attribute(run, "TemporalWorkflowVersioningBehavior") == R"("Pinned")");
}

TEST_CASE("A run that may be upgraded is bound to no build, and each version that it used is remembered") {
  TestRun run;
  REQUIRE(run.Start().ok());
  Complete(run, OfVersion("1", enums::VERSIONING_BEHAVIOR_AUTO_UPGRADE));
  Complete(run, OfVersion("2", enums::VERSIONING_BEHAVIOR_AUTO_UPGRADE));
  CHECK(Attribute(run, "BuildIds").empty());
  CHECK(Attribute(run, "TemporalUsedWorkerDeploymentVersions") == R"(["orders:1","orders:2"])");
  CHECK(Attribute(run, "TemporalWorkerDeploymentVersion") == R"("orders:2")");
  CHECK(Attribute(run, "TemporalWorkflowVersioningBehavior") == R"("AutoUpgrade")");
}

TEST_CASE("After a worker of no version the run is unversioned again, and its past stays") {
  TestRun run;
  REQUIRE(run.Start().ok());
  Complete(run, [](auto& request) {
    request.mutable_worker_version_stamp()->set_build_id("old");
    request.set_force_create_new_workflow_task(true);
  });
  Complete(run, OfVersion("1", enums::VERSIONING_BEHAVIOR_PINNED));
  CHECK(Attribute(run, "BuildIds") == R"(["pinned:orders:1","unversioned:old"])");
  Complete(run, [](auto& request) { request.mutable_worker_version_stamp()->set_build_id("new"); });
  CHECK(InfoOf(run).has_versioning_info());
  CHECK_FALSE(InfoOf(run).versioning_info().has_deployment_version());
  CHECK(Attribute(run, "BuildIds") == R"(["unversioned","unversioned:old","unversioned:new"])");
  CHECK(Attribute(run, "TemporalUsedWorkerDeploymentVersions") == R"(["orders:1"])");
  CHECK(Attribute(run, "TemporalWorkerDeploymentVersion").empty());
}

TEST_CASE("Of the versions that a run used, the last twenty are remembered") {
  TestRun run;
  REQUIRE(run.Start().ok());
  for (int i = 0; i < 22; ++i) {
    Complete(run, OfVersion(std::to_string(i), enums::VERSIONING_BEHAVIOR_PINNED));
  }
  const std::string used = Attribute(run, "TemporalUsedWorkerDeploymentVersions");
  CHECK(used.starts_with(R"(["orders:2",)"));
  CHECK(used.ends_with(R"(,"orders:21"])"));
}

TEST_CASE("What a worker of no version says of its behavior does not count") {
  TestRun run;
  REQUIRE(run.Start().ok());
  run.PollWorkflowTask();
  REQUIRE(run.Complete({},
                       [](auto& request) {
                         request.mutable_deployment_options()->set_worker_versioning_mode(
                             enums::WORKER_VERSIONING_MODE_UNVERSIONED);
                         request.mutable_deployment()->set_series_name("orders");
                         request.mutable_deployment()->set_build_id("1");
                         request.set_versioning_behavior(enums::VERSIONING_BEHAVIOR_PINNED);
                       })
              .ok());
  const auto& completed = run.Event(4).workflow_task_completed_event_attributes();
  CHECK(completed.versioning_behavior() == enums::VERSIONING_BEHAVIOR_UNSPECIFIED);
  CHECK(completed.deployment_version().build_id() == "1");
  CHECK_FALSE(InfoOf(run).has_versioning_info());
}

TEST_CASE("The worker of a version that took an activity last is shown") {
  TestRun run;
  REQUIRE(run.Start().ok());
  run.PollWorkflowTask();
  REQUIRE(run.Complete({ScheduleActivity("a")}).ok());
  StartActivityTask start{.scheduled_event_id = 5, .request_id = "poll", .identity = "worker", .poll = {}};
  auto& options = *start.poll.mutable_deployment_options();
  options.set_deployment_name("orders");
  options.set_build_id("1");
  options.set_worker_versioning_mode(enums::WORKER_VERSIONING_MODE_VERSIONED);
  REQUIRE(run.Do(start).ok());
  const auto described = Describe(run.state(), run.now());
  REQUIRE(described.pending_activities_size() == 1);
  CHECK(described.pending_activities(0).last_deployment_version().build_id() == "1");
  CHECK(described.pending_activities(0).last_worker_deployment_version() == "orders.1");
}

}  // namespace
}  // namespace perdure::engine::workflow::testing
