#include <catch2/catch.hpp>

#include <string>
#include <utility>

#include "base/limits.h"
#include "server/frontend/handlers/handlers.h"
#include "server/frontend/testing/fake_call.h"

namespace perdure::server::testing {
namespace {

namespace enums = temporal::api::enums::v1;

api::DescribeTaskQueueRequest Enhanced() {
  api::DescribeTaskQueueRequest request;
  request.set_namespace_("default");
  request.mutable_task_queue()->set_name("orders");
  request.set_api_mode(enums::DESCRIBE_TASK_QUEUE_MODE_ENHANCED);
  return request;
}

auto Describe(FakeNode& node, const api::DescribeTaskQueueRequest& request) {
  return DoCall<api::DescribeTaskQueueResponse>(node, "DescribeTaskQueue", request);
}

std::string ErrorOf(FakeNode& node, const api::DescribeTaskQueueRequest& request) {
  return std::string(Describe(node, request).status().message());
}

QueueDescription PolledBy(std::string identity) {
  QueueDescription queue;
  queue.pollers.emplace_back().identity = std::move(identity);
  return queue;
}

// One poller and two tasks for workflows, one poller for activities.
FakeNode& InUse(FakeNode& node) {
  QueueDescription& workflows = node.matching.queues[engine::TaskKind::kWorkflow];
  workflows = PolledBy("decider");
  workflows.backlog_count = 2;
  workflows.backlog_age = absl::Seconds(3);
  node.matching.queues[engine::TaskKind::kActivity] = PolledBy("doer");
  return node;
}

}  // namespace

TEST_CASE("the enhanced description shows both types of the unversioned queue") {
  FakeNode node;
  auto request = Enhanced();
  request.set_report_stats(true);
  request.set_report_pollers(true);
  const auto described = Describe(InUse(node), request);
  REQUIRE(described.ok());
  REQUIRE(described->versions_info_size() == 1);
  const auto& types = described->versions_info().at("").types_info();
  REQUIRE(types.size() == 2);
  CHECK(types.at(enums::TASK_QUEUE_TYPE_WORKFLOW).pollers(0).identity() == "decider");
  CHECK(types.at(enums::TASK_QUEUE_TYPE_WORKFLOW).stats().approximate_backlog_count() == 2);
  CHECK(types.at(enums::TASK_QUEUE_TYPE_WORKFLOW).stats().approximate_backlog_age().seconds() == 3);
  CHECK(types.at(enums::TASK_QUEUE_TYPE_ACTIVITY).pollers(0).identity() == "doer");
  CHECK(types.at(enums::TASK_QUEUE_TYPE_ACTIVITY).stats().approximate_backlog_count() == 0);
  CHECK_FALSE(described->has_versioning_info());
}

TEST_CASE("of very many pollers those seen last are shown") {
  FakeNode node;
  QueueDescription& queue = node.matching.queues[engine::TaskKind::kWorkflow];
  for (int i = 0; i < 3000; ++i)
    queue.pollers.push_back(PolledBy(std::to_string(i) + std::string(996, 'x')).pollers[0]);
  api::DescribeTaskQueueRequest request;
  request.set_namespace_("default");
  request.mutable_task_queue()->set_name("orders");
  const auto described = Describe(node, request);
  REQUIRE(described.ok());
  CHECK(described->pollers_size() > 900);
  CHECK(described->ByteSizeLong() < limits::kPollersBytes + 4096);
  CHECK(described->pollers(0).identity() == queue.pollers[0].identity);
}

TEST_CASE("the enhanced description reports only what is asked for") {
  FakeNode node;
  auto request = Enhanced();
  request.add_task_queue_types(enums::TASK_QUEUE_TYPE_WORKFLOW);
  const auto described = Describe(InUse(node), request);
  REQUIRE(described.ok());
  const auto& version = described->versions_info().at("");
  REQUIRE(version.types_info_size() == 1);
  CHECK(version.types_info().at(enums::TASK_QUEUE_TYPE_WORKFLOW).ByteSizeLong() == 0);
  CHECK(version.task_reachability() == enums::BUILD_ID_TASK_REACHABILITY_UNSPECIFIED);
}

TEST_CASE("a build id's own queue is empty and unreachable") {
  FakeNode node;
  auto request = Enhanced();
  request.set_report_stats(true);
  request.set_report_pollers(true);
  request.set_report_task_reachability(true);
  request.mutable_versions()->add_build_ids("b1");
  request.mutable_versions()->set_all_active(true);
  const auto described = Describe(InUse(node), request);
  REQUIRE(described.ok());
  REQUIRE(described->versions_info_size() == 1);
  const auto& version = described->versions_info().at("b1");
  CHECK(version.task_reachability() == enums::BUILD_ID_TASK_REACHABILITY_UNREACHABLE);
  const auto& workflow = version.types_info().at(enums::TASK_QUEUE_TYPE_WORKFLOW);
  CHECK(workflow.pollers().empty());
  CHECK(workflow.has_stats());
  CHECK(workflow.stats().approximate_backlog_count() == 0);
  request.mutable_versions()->set_unversioned(true);
  CHECK(Describe(node, request)->versions_info().at("").task_reachability() ==
        enums::BUILD_ID_TASK_REACHABILITY_REACHABLE);
}

TEST_CASE("a partition's name may be described, and is a queue that nobody uses") {
  FakeNode node;
  api::DescribeTaskQueueRequest request;
  request.set_namespace_("default");
  for (const char* name : {"/_sys/foo/1", "/_sys/a/b/2", "/_sys/foo/01", "/_sys/foo/+3", "/_sys/foo/9999"}) {
    request.mutable_task_queue()->set_name(name);
    const auto described = Describe(node, request);
    REQUIRE(described.ok());
    CHECK(described->pollers().empty());
  }
  for (const char* name : {"/_sys/", "/_sys/foo", "/_sys/foo/", "/_sys//1", "/_sys/foo/0", "/_sys/foo/-1",
                           "/_sys/foo/x", "/_sys/foo/ 1", "/_sys/foo/99999999999999999999"}) {
    request.mutable_task_queue()->set_name(name);
    CHECK(ErrorOf(node, request) == std::string("invalid task queue partition name ") + name);
  }
  request.mutable_task_queue()->set_name("/_sys//_sys/a/1/2");
  CHECK(ErrorOf(node, request) == "task queue family name cannot have prefix /_sys/ /_sys/a/1");
  request.mutable_task_queue()->set_name("/_sys/foo/1");
  request.set_report_stats(true);
  CHECK(ErrorOf(node, request) == "DescribeTaskQueue stats are only supported for the root partition");
  request.mutable_task_queue()->set_kind(enums::TASK_QUEUE_KIND_STICKY);
  CHECK(Describe(node, request).status().code() == absl::StatusCode::kInvalidArgument);
}

TEST_CASE("a normal queue has no normal name, and a queue of commands no other types") {
  FakeNode node;
  api::DescribeTaskQueueRequest request;
  request.set_namespace_("default");
  request.mutable_task_queue()->set_name("foo");
  request.mutable_task_queue()->set_normal_name("n");
  CHECK(ErrorOf(node, request) == "only sticky queues can have normal name. tq: foo, normal name: n");
  request.set_api_mode(enums::DESCRIBE_TASK_QUEUE_MODE_ENHANCED);
  CHECK(ErrorOf(node, request) ==
        "Task Queue Partition invalid, use a different Task Queue or Task Queue Type");
  request.clear_api_mode();
  request.mutable_task_queue()->clear_normal_name();
  request.mutable_task_queue()->set_kind(enums::TASK_QUEUE_KIND_WORKER_COMMANDS);
  CHECK(ErrorOf(node, request) ==
        "worker-commands partitions must have nexus task type, got: Workflow. base name: foo");
  request.set_task_queue_type(enums::TASK_QUEUE_TYPE_NEXUS);
  CHECK(Describe(node, request).ok());
}

TEST_CASE("a limit of zero is shown as a limit") {
  FakeNode node;
  api::DescribeTaskQueueRequest request;
  request.set_namespace_("default");
  request.mutable_task_queue()->set_name("orders");
  request.set_task_queue_type(enums::TASK_QUEUE_TYPE_ACTIVITY);
  CHECK(!Describe(node, request)->has_effective_rate_limit());
  node.matching.queues[engine::TaskKind::kActivity].rate_limit = 0;
  const auto described = Describe(node, request);
  REQUIRE(described->has_effective_rate_limit());
  CHECK(described->effective_rate_limit().requests_per_second() == 0);
  CHECK(described->effective_rate_limit().rate_limit_source() == enums::RATE_LIMIT_SOURCE_WORKER);
}

TEST_CASE("the enhanced description refuses sticky queues, partitions and too much at once") {
  FakeNode node;
  auto request = Enhanced();
  request.mutable_task_queue()->set_kind(enums::TASK_QUEUE_KIND_STICKY);
  CHECK(ErrorOf(node, request) ==
        "Enhanced DescribeTaskQueue is not valid for a sticky queue, use api_mode=UNSPECIFIED or a normal "
        "queue.");
  request = Enhanced();
  request.mutable_task_queue()->set_name("/_sys/orders/1");
  CHECK(ErrorOf(node, request) == "task queue name cannot start with reserved prefix /_sys/");
  request = Enhanced();
  for (size_t i = 0; i <= limits::kReachabilityBuildIds; ++i) {
    request.mutable_versions()->add_build_ids(std::to_string(i));
  }
  CHECK(Describe(node, request).ok());
  request.set_report_task_reachability(true);
  CHECK(ErrorOf(node, request) ==
        "Too many build ids queried at once with ReportTaskReachability==true, limit: 5");
  request.set_report_task_reachability(false);
  for (size_t i = 0; i < limits::kDescribedTypes; ++i) {
    request.mutable_versions()->add_build_ids(std::to_string(i));
  }
  CHECK(ErrorOf(node, request) == "Too many build ids and task queue types described at once, limit: 10000");
}

}  // namespace perdure::server::testing
