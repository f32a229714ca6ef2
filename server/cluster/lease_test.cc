#include "server/cluster/lease.h"

#include <catch2/catch.hpp>

#include "base/testing/manual_executor.h"
#include "persistence/memory/memory_store.h"
#include "server/metrics/prometheus_metrics.h"

namespace perdure::server {
namespace {

using persistence::NodeRow;

class ReadFaults final : public persistence::MemoryFaults {
 public:
  ReadPlan OnOperation(std::string_view) override { return {.fails = fails, .delay = delay}; }
  bool fails = false;
  absl::Duration delay;
};

NodeRow Row(uint8_t number, std::string name) {
  NodeRow row;
  row.incarnation.bytes[0] = number;
  row.name = std::move(name);
  row.address = "address";
  return row;
}

struct Bench {
  Bench()
      : store(persistence::NewMemoryStore({.observer = nullptr, .faults = &faults, .clock = [this] {
                                             return time.wall() + database_clock;
                                           }})) {}

  VirtualTime time{1};
  absl::Duration database_clock;  // ahead of the machine's
  ReadFaults faults;
  std::unique_ptr<persistence::MemoryStore> store;
};

// A process that wants the lease.
class Process {
 public:
  Process(Bench& bench, uint8_t number, std::string name, bool exclusive = false)
      : executor_(bench.time), session_(bench.store->OpenSession(executor_)) {
    const LeaseKeeper::Options options{absl::Seconds(9), absl::Seconds(1), exclusive};
    keeper_ =
        std::make_unique<LeaseKeeper>(executor_, *session_, Row(number, std::move(name)), options, metrics_);
    keeper_->Watch([this] { ++news; });
    keeper_->Start([this] { told = true; }, [this](const LeaseKeeper::Other& other) { lost_to = other; });
    bench.time.RunUntilIdle();
  }

  uint64_t Hold() { return keeper_->Hold(executor_.Monotonic()); }
  bool Held() { return Hold() != 0; }
  bool Counted(const std::string& cause) {
    return metrics_.Text().find("perdure_lease_lapses{cause=\"" + cause + "\"} 1") != std::string::npos;
  }
  LeaseKeeper& keeper() { return *keeper_; }
  ManualExecutor& executor() { return executor_; }

  bool told = false;
  int news = 0;
  std::optional<LeaseKeeper::Other> lost_to;

 private:
  ManualExecutor executor_;
  PrometheusMetrics metrics_;
  std::unique_ptr<persistence::Session> session_;
  std::unique_ptr<LeaseKeeper> keeper_;
};

TEST_CASE("a lease is held without a gap while it is renewed before it ends") {
  Bench bench;
  Process process(bench, 1, "a");
  CHECK(process.told);
  for (int second = 0; second < 60; ++second) {
    bench.time.Advance(absl::Seconds(1));
    CHECK(process.Hold() == 1);
  }
  CHECK(process.news == 1);
}

TEST_CASE("a lease that cannot be renewed ends a margin early, and is another hold when the store is back") {
  Bench bench;
  Process process(bench, 1, "a");
  bench.faults.fails = true;
  bench.time.Advance(absl::Seconds(7));
  CHECK(process.Hold() == 1);
  bench.time.Advance(absl::Seconds(1));
  CHECK(!process.Held());
  CHECK(process.Counted("store_error"));
  bench.faults.fails = false;
  bench.time.Advance(absl::Seconds(1));
  CHECK(process.Hold() == 2);
  CHECK(process.news == 2);
}

TEST_CASE("a store that fails for a moment is news when it is back, and no gap") {
  Bench bench;
  Process process(bench, 1, "a");
  bench.faults.fails = true;
  bench.time.Advance(absl::Seconds(4));
  bench.faults.fails = false;
  bench.time.Advance(absl::Seconds(1));
  CHECK(process.Hold() == 1);
  CHECK(process.news == 2);
}

TEST_CASE("the time a renewal takes counts against it") {
  Bench bench;
  bench.faults.delay = absl::Seconds(5);
  Process process(bench, 1, "a");
  bench.time.Advance(absl::Seconds(5));
  CHECK(process.Held());
  bench.faults.delay = absl::Hours(1);
  bench.time.Advance(absl::Seconds(3));
  CHECK(!process.Held());
  CHECK(process.Counted("store_slow"));
  CHECK(absl::IsUnavailable(process.keeper().StoreStatus()));
}

TEST_CASE("a store that takes longer than the time between renewals does not end the lease") {
  Bench bench;
  bench.faults.delay = absl::Milliseconds(3500);
  Process process(bench, 1, "a");
  bench.time.Advance(bench.faults.delay);
  for (int tenth = 0; tenth < 600; ++tenth) {
    CHECK(process.Hold() == 1);
    bench.time.Advance(absl::Milliseconds(100));
  }
}

TEST_CASE("another node waits for the end of the lease, or gets it at once when it is given up") {
  Bench bench;
  Process first(bench, 1, "a");
  Process second(bench, 2, "b");
  bench.time.Advance(absl::Seconds(5));
  CHECK(!second.Held());
  bool gone = false;
  first.keeper().GiveUp([&] { gone = true; });
  bench.time.RunUntilIdle();
  CHECK(gone);
  CHECK(!first.Held());
  bench.time.Advance(absl::Seconds(1));
  CHECK(second.Held());
  CHECK(!first.Held());
}

TEST_CASE("a process that did not run for a while has another hold, whoever had the shards meanwhile") {
  Bench bench;
  Process process(bench, 1, "a");
  process.executor().Pause();
  SECTION("nobody") { bench.time.Advance(absl::Seconds(20)); }
  SECTION("another, which went on and stopped") {
    Process other(bench, 2, "b");
    bench.time.Advance(absl::Seconds(15));
    CHECK(other.Held());
    other.keeper().GiveUp([] {});
    bench.time.Advance(absl::Seconds(1));
  }
  CHECK(!process.Held());
  process.executor().Resume();
  bench.time.Advance(absl::Seconds(1));
  CHECK(process.Hold() == 2);
  CHECK(process.news == 2);
  CHECK(process.Counted("process"));
}

TEST_CASE("a gap that only the database saw is a gap: somebody may have had the shards") {
  Bench bench;
  Process process(bench, 1, "a");
  bench.time.Advance(absl::Seconds(1));
  bench.database_clock = absl::Minutes(1);  // this machine was suspended, say, and its clock with it
  bench.time.Advance(absl::Seconds(3));
  CHECK(process.Hold() == 2);
  CHECK(process.news == 2);
}

TEST_CASE("the older of two processes of one name loses its lease for ever") {
  Bench bench;
  Process older(bench, 1, "name");
  bench.time.Advance(absl::Seconds(1));
  Process younger(bench, 2, "name");
  CHECK(younger.Held());
  CHECK(!older.lost_to);
  bench.time.Advance(absl::Seconds(3));
  CHECK(!older.Held());
  REQUIRE(older.lost_to);
  CHECK(older.lost_to->node.incarnation == Row(2, "").incarnation);
  CHECK(older.lost_to->node.address == "address");
  CHECK(older.Counted("other_node"));
  younger.keeper().GiveUp([] {});
  bench.time.Advance(absl::Minutes(1));
  CHECK(!older.Held());
}

TEST_CASE("a store that nobody else can open needs no lease") {
  Bench bench;
  Process process(bench, 1, "a", /*exclusive=*/true);
  CHECK(process.told);
  CHECK(!process.keeper().Tenure());
  bench.faults.fails = true;
  bench.time.Advance(absl::Minutes(1));
  CHECK(process.Hold() == 1);
  CHECK(absl::IsUnavailable(process.keeper().StoreStatus()));
  bench.faults.fails = false;
  process.executor().Pause();
  bench.time.Advance(absl::Minutes(1));
  process.executor().Resume();
  bench.time.Advance(absl::Minutes(1));
  CHECK(process.Hold() == 1);
  CHECK(process.keeper().StoreStatus().ok());
  process.keeper().GiveUp([] {});
  CHECK(!process.Held());
}

}  // namespace
}  // namespace perdure::server
