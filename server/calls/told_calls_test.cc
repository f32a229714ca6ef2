#include "server/calls/told_calls.h"

#include <catch2/catch.hpp>

#include <deque>
#include <optional>
#include <vector>

#include "base/testing/manual_executor.h"

namespace perdure::server {
namespace {

// Keeps what it is given, until the test says what becomes of it.
struct HandCarrier final : CallCarrier {
  void Carry(std::string call, Callback<std::string> done) override {
    carried.emplace_back(std::move(call), std::move(done));
  }
  std::deque<std::pair<std::string, Callback<std::string>>> carried;
};

// One who tells, and one who hears.
struct Told {
  Told() {
    told.emplace(executor, carrier, [](const calls::Told& batch) { return batch.SerializeAsString(); });
  }
  ~Told() { executor.DropEverything(); }

  void Hear(const std::string& bytes) {
    calls::Told batch;
    REQUIRE(batch.ParseFromString(bytes));
    heard_calls.Hear(batch, [this](const std::string& call) { heard.push_back(call); });
  }
  // The oldest batch on its way arrives (or not), and is answered (or not).
  void Next(bool arrives, bool answered) {
    REQUIRE_FALSE(carrier.carried.empty());
    auto [bytes, done] = std::move(carrier.carried.front());
    carrier.carried.pop_front();
    if (arrives) Hear(bytes);
    last = bytes;
    std::move(done)(answered ? absl::StatusOr<std::string>("") : absl::UnavailableError("who knows"));
    time.RunUntilIdle();
  }

  VirtualTime time{1};
  ManualExecutor executor{time};
  HandCarrier carrier;
  std::optional<ToldCalls> told;
  HeardCalls heard_calls;
  std::vector<std::string> heard;
  std::string last;
};

using Heard = std::vector<std::string>;

TEST_CASE("calls that are told arrive in order; what gathers meanwhile goes with the next batch") {
  Told t;
  for (const char* call : {"a", "b", "c"}) t.told->Tell(call);
  CHECK(t.carrier.carried.size() == 1);
  t.Next(true, true);
  CHECK(t.heard == Heard{"a"});
  t.Next(true, true);
  CHECK(t.heard == Heard{"a", "b", "c"});
  CHECK(t.carrier.carried.empty());
  t.told->Tell("d");
  t.Next(true, true);
  CHECK(t.heard == Heard{"a", "b", "c", "d"});
}

TEST_CASE("a batch whose fate is unknown is told again, and heard once") {
  Told t;
  t.told->Tell("a");
  t.told->Tell("b");
  SECTION("it was lost") {
    t.Next(false, false);
    CHECK(t.heard.empty());
  }
  SECTION("its answer was lost") {
    t.Next(true, false);
    CHECK(t.heard == Heard{"a"});
  }
  CHECK(t.carrier.carried.empty());  // not at once
  t.time.Advance(absl::Seconds(1));
  t.Next(true, true);
  CHECK(t.heard == Heard{"a"});
  t.Next(true, true);
  CHECK(t.heard == Heard{"a", "b"});
}

TEST_CASE("a batch that comes once more, and late, is not heard again") {
  Told t;
  t.told->Tell("a");
  t.Next(true, true);
  const std::string late = t.last;
  t.told->Tell("b");
  t.Next(true, true);
  t.Hear(late);
  CHECK(t.heard == Heard{"a", "b"});
}

TEST_CASE("whoever tells may go while a batch is on its way") {
  Told t;
  t.told->Tell("a");
  t.told->Tell("b");
  t.told.reset();
  t.Next(true, true);
  CHECK(t.heard == Heard{"a"});
  CHECK(t.carrier.carried.empty());
}

}  // namespace
}  // namespace perdure::server
