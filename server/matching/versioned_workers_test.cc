#include "server/matching/versioned_workers.h"

#include <string>

#include <catch2/catch.hpp>

#include "base/limits.h"
#include "server/matching/testing/bench.h"

namespace perdure::server {
namespace {

namespace enums = temporal::api::enums::v1;

struct Counted final : Counter {
  void Add(double n) override { value += n; }
  double value = 0;
};

Poll PollOf(const std::string& identity, const std::string& build_id,
            enums::WorkerVersioningMode mode = enums::WORKER_VERSIONING_MODE_VERSIONED) {
  engine::workflow::api::PollActivityTaskQueueRequest request;
  request.set_identity(identity);
  request.mutable_deployment_options()->set_deployment_name("orders");
  request.mutable_deployment_options()->set_build_id(build_id);
  request.mutable_deployment_options()->set_worker_versioning_mode(mode);
  return {.namespace_id = {}, .poll = ActivityPoll{std::move(request)}, .wait = {}};
}

}  // namespace

TEST_CASE("a worker of a version is said once, whatever it polls and however often") {
  const testing::Bench bench;
  Counted said;
  VersionedWorkers workers(said);
  workers.Saw(PollOf("one", "1"), bench.namespaces);
  workers.Saw(PollOf("one", "1"), bench.namespaces);
  CHECK(said.value == 1);
  workers.Saw(PollOf("two", "1"), bench.namespaces);
  workers.Saw(PollOf("one", "2"), bench.namespaces);
  CHECK(said.value == 3);
}

TEST_CASE("nothing is said of a worker of no version") {
  const testing::Bench bench;
  Counted said;
  VersionedWorkers workers(said);
  workers.Saw(PollOf("one", "1", enums::WORKER_VERSIONING_MODE_UNVERSIONED), bench.namespaces);
  workers.Saw({.namespace_id = {}, .poll = NexusPoll{"queue", "one"}, .wait = {}}, bench.namespaces);
  CHECK(said.value == 0);
}

TEST_CASE("what has been said takes bounded memory: beyond it, it is said anew") {
  const testing::Bench bench;
  Counted said;
  VersionedWorkers workers(said);
  for (size_t i = 0; i <= limits::kWorkersKept; ++i) {
    workers.Saw(PollOf(std::to_string(i), "1"), bench.namespaces);
  }
  workers.Saw(PollOf("0", "1"), bench.namespaces);
  CHECK(said.value == static_cast<double>(limits::kWorkersKept) + 2);
}

}  // namespace perdure::server
