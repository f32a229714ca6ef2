#include "base/testing/manual_executor.h"

#include <string>

#include <catch2/catch.hpp>

namespace perdure {
namespace {

TEST_CASE("posted tasks run in order, also those posted meanwhile") {
  VirtualTime time(1);
  ManualExecutor executor(time);
  std::string order;
  executor.Post([&] {
    order += "a";
    executor.Post([&] { order += "c"; });
  });
  executor.Post([&] { order += "b"; });
  CHECK(order.empty());
  time.RunUntilIdle();
  CHECK(order == "abc");
}

TEST_CASE("timers run at their moment, wall-clock and monotonic ones alike") {
  VirtualTime time(1);
  ManualExecutor executor(time);
  std::string order;
  executor.RunAt(executor.Now() + absl::Seconds(2), [&] { order += "2"; });
  executor.RunAfter(absl::Seconds(1), [&] {
    order += "1";
    executor.Post([&] { order += "p"; });
  });
  const Executor::TimerId cancelled = executor.RunAfter(absl::Seconds(1), [&] { order += "x"; });
  executor.Cancel(cancelled);
  time.Advance(absl::Milliseconds(999));
  CHECK(order.empty());
  time.Advance(absl::Milliseconds(1));
  CHECK(order == "1p");
  time.Advance(absl::Hours(1));
  CHECK(order == "1p2");
  CHECK(executor.Monotonic() == absl::Hours(1) + absl::Seconds(1));
}

TEST_CASE("a step of the clock moves wall-clock timers only") {
  VirtualTime time(1);
  ManualExecutor executor(time);
  std::string order;
  executor.RunAt(executor.Now() + absl::Hours(1), [&] { order += "w"; });
  executor.RunAfter(absl::Minutes(1), [&] { order += "m"; });
  executor.StepWallClock(absl::Hours(2));
  time.Advance(absl::ZeroDuration());
  CHECK(order == "w");
  time.Advance(absl::Minutes(1));
  CHECK(order == "wm");
}

TEST_CASE("the seed alone decides how executors interleave") {
  auto run = [](uint64_t seed) {
    VirtualTime time(seed);
    ManualExecutor left(time);
    ManualExecutor right(time);
    std::string order;
    for (int i = 0; i < 16; ++i) {
      left.Post([&] { order += "l"; });
      right.Post([&] { order += "r"; });
    }
    time.RunUntilIdle();
    return order;
  };
  CHECK(run(7) == run(7));
  CHECK(run(7) != run(8));
}

TEST_CASE("a crash destroys what was posted, and the executor goes on") {
  VirtualTime time(1);
  ManualExecutor executor(time);
  int ran = 0;
  executor.Post([&] { ++ran; });
  executor.RunAfter(absl::Seconds(1), [&] { ++ran; });
  executor.DropEverything();
  time.Advance(absl::Minutes(1));
  CHECK(ran == 0);
  executor.Post([&] { ++ran; });
  time.RunUntilIdle();
  CHECK(ran == 1);
}

}  // namespace
}  // namespace perdure
