#include "server/health/health.h"

#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "base/testing/manual_executor.h"

namespace perdure::server {
namespace {

struct Bench {
  Bench() {
    health.WatchExecutor("worker", worker);
    health.Begin();
  }
  void Start() {
    health.SetStarted(
        {{"store", [this] { return store; }}},
        [this](const HealthReport& report) { told.push_back(report.ok()); }, [this] { ++ticks; });
  }

  VirtualTime time{1};
  ManualExecutor own{time};
  ManualExecutor worker{time};
  absl::Status store;
  std::vector<bool> told;
  int ticks = 0;
  Health health{own};
};

// Keeps the worker busy: what is posted to it is lost, as if it were never run.
void Hang(Bench& bench, absl::Duration how_long) {
  for (absl::Duration passed; passed < how_long; passed += absl::Seconds(1)) {
    while (bench.own.HasPosted()) bench.time.RunOne();
    bench.time.RunTimerAlone();
    bench.worker.DropEverything();
  }
}

}  // namespace

TEST_CASE("a server that starts is live and says what it waits for") {
  Bench bench;
  bench.time.Advance(absl::Seconds(10));
  CHECK(bench.health.Live().ok());
  CHECK_FALSE(bench.health.Ready().ok());
  bench.health.SetStarting("waiting for the lease");
  CHECK(bench.health.Ready().Json() ==
        R"({"status":"failing","checks":{"start":{"ok":false,"message":"waiting for the lease"}}})");
  bench.Start();
  CHECK(bench.health.Ready().Json() == R"({"status":"ok","checks":{"store":{"ok":true}}})");
}

TEST_CASE("an executor that hangs is not live, and is again when it turns") {
  Bench bench;
  bench.Start();
  bench.time.RunUntilIdle();
  CHECK(bench.health.Live().ok());
  bench.worker.Post([] {});
  // Its tasks are not run while only the other executor's are.
  bench.own.Post([] {});
  Hang(bench, absl::Seconds(10));
  CHECK_FALSE(bench.health.Live().ok());
  CHECK(absl::StrContains(bench.health.Live().Json(), "\"worker\":{\"ok\":false,\"message\":\"the thread"));
}

TEST_CASE("a change of readiness is told once, and a store that is away is named") {
  Bench bench;
  bench.Start();
  bench.time.Advance(absl::Seconds(3));
  CHECK(bench.told.empty());
  bench.store = absl::UnavailableError("no route to \"db\"\n");
  bench.time.Advance(absl::Seconds(3));
  CHECK(bench.told == std::vector<bool>{false});
  CHECK(bench.health.Ready().Failures() == "store: no route to \"db\"\n");
  CHECK(absl::StrContains(bench.health.Ready().Json(), R"(no route to \"db\"\n)"));
  CHECK(bench.health.Live().ok());
  bench.store = absl::OkStatus();
  bench.time.Advance(absl::Seconds(3));
  CHECK(bench.told == std::vector<bool>{false, true});
}

TEST_CASE("a server that stops is live, not ready, and calls nothing any more") {
  Bench bench;
  bench.Start();
  bench.time.Advance(absl::Seconds(2));
  const int ticks = bench.ticks;
  CHECK(ticks > 0);
  bench.health.Stop();
  bench.time.Advance(absl::Seconds(20));
  CHECK(bench.ticks == ticks);
  CHECK(bench.health.Live().ok());
  CHECK(absl::StrContains(bench.health.Ready().Json(), "stopping"));
}

TEST_CASE("a server that stops asks its executors nothing any more") {
  Bench bench;
  bench.Start();
  bench.health.Stop();
  while (bench.own.HasPosted()) bench.time.RunOne();
  CHECK_FALSE(bench.worker.HasPosted());
}

}  // namespace perdure::server
