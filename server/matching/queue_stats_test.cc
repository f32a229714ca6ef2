#include "server/matching/queue_stats.h"

#include <catch2/catch.hpp>

namespace perdure::server {

TEST_CASE("what a poll says about its worker is remembered with it") {
  PollerHistory history;
  engine::workflow::api::PollActivityTaskQueueRequest request;
  request.set_identity("worker");
  request.mutable_worker_version_capabilities()->set_build_id("build");
  request.mutable_deployment_options()->set_deployment_name("deployment");
  request.mutable_task_queue_metadata()->mutable_max_tasks_per_second()->set_value(7);
  history.Saw({.namespace_id = {}, .poll = ActivityPoll{std::move(request)}, .wait = {}}, absl::UnixEpoch());
  REQUIRE(history.List().size() == 1);
  const PollerInfo info = history.List()[0];
  CHECK(info.identity == "worker");
  CHECK(info.capabilities.build_id() == "build");
  CHECK(info.deployment_options.deployment_name() == "deployment");
  CHECK(info.rate_per_second == 7);
}

}  // namespace perdure::server
