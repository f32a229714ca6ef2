#include "server/cluster/lease.h"

#include <catch2/catch.hpp>

#include "base/testing/manual_executor.h"
#include "persistence/memory/memory_store.h"
#include "server/metrics/testing/null_metrics.h"

namespace perdure::server {
namespace {

class ReadFaults final : public persistence::MemoryFaults {
 public:
  ReadPlan OnOperation(std::string_view) override { return {.fails = fails, .delay = delay}; }
  bool fails = false;
  absl::Duration delay;
};

struct Bench {
  Bench() : store(persistence::NewMemoryStore({.observer = nullptr, .faults = &faults, .clock = {}})) {}
  std::unique_ptr<LeaseKeeper> Keeper(persistence::Session& session, uint8_t name) {
    Uuid node;
    node.bytes[0] = name;
    return std::make_unique<LeaseKeeper>(executor, session, node,
                                         LeaseKeeper::Options{absl::Seconds(9), absl::Seconds(1)}, metrics);
  }
  bool Held(const LeaseKeeper& keeper) { return keeper.Held(executor.Monotonic()); }

  VirtualTime time{1};
  ManualExecutor executor{time};
  ReadFaults faults;
  NullMetrics metrics;
  std::unique_ptr<persistence::MemoryStore> store;
};

TEST_CASE("a lease is held, and renewed before it ends") {
  Bench bench;
  const auto session = bench.store->OpenSession(bench.executor);
  const auto keeper = bench.Keeper(*session, 1);
  bool told = false;
  CHECK(!bench.Held(*keeper));
  keeper->Start([&] { told = true; });
  bench.time.RunUntilIdle();
  CHECK(told);
  for (int second = 0; second < 60; ++second) {
    bench.time.Advance(absl::Seconds(1));
    CHECK(bench.Held(*keeper));
  }
}

TEST_CASE("a lease that cannot be renewed ends a margin early, and is held again when the store is back") {
  Bench bench;
  const auto session = bench.store->OpenSession(bench.executor);
  const auto keeper = bench.Keeper(*session, 1);
  keeper->Start([] {});
  bench.time.RunUntilIdle();
  bench.faults.fails = true;
  bench.time.Advance(absl::Seconds(7));
  CHECK(bench.Held(*keeper));
  bench.time.Advance(absl::Seconds(1));
  CHECK(!bench.Held(*keeper));
  bench.faults.fails = false;
  bench.time.Advance(absl::Seconds(1));
  CHECK(bench.Held(*keeper));
}

TEST_CASE("the time a renewal takes counts against it") {
  Bench bench;
  bench.faults.delay = absl::Seconds(5);
  const auto session = bench.store->OpenSession(bench.executor);
  const auto keeper = bench.Keeper(*session, 1);
  keeper->Start([] {});
  bench.time.Advance(absl::Seconds(5));
  CHECK(bench.Held(*keeper));
  bench.faults.fails = true;
  bench.time.Advance(absl::Seconds(3));
  CHECK(!bench.Held(*keeper));
}

TEST_CASE("a store that takes longer than the time between renewals does not end the lease") {
  Bench bench;
  bench.faults.delay = absl::Milliseconds(3500);
  const auto session = bench.store->OpenSession(bench.executor);
  const auto keeper = bench.Keeper(*session, 1);
  keeper->Start([] {});
  bench.time.Advance(bench.faults.delay);
  for (int tenth = 0; tenth < 600; ++tenth) {
    CHECK(bench.Held(*keeper));
    bench.time.Advance(absl::Milliseconds(100));
  }
}

TEST_CASE("another node waits for the end of the lease, or gets it at once when it is given up") {
  Bench bench;
  const auto session = bench.store->OpenSession(bench.executor);
  const auto first = bench.Keeper(*session, 1);
  const auto second = bench.Keeper(*session, 2);
  first->Start([] {});
  bench.time.RunUntilIdle();
  second->Start([] {});
  bench.time.Advance(absl::Seconds(5));
  CHECK(!bench.Held(*second));
  bool gone = false;
  first->GiveUp([&] { gone = true; });
  bench.time.RunUntilIdle();
  CHECK(gone);
  CHECK(!bench.Held(*first));
  bench.time.Advance(absl::Seconds(1));
  CHECK(bench.Held(*second));
  CHECK(!bench.Held(*first));
}

}  // namespace
}  // namespace perdure::server
