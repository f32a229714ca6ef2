// The rate that the workers ask for.
#include <catch2/catch.hpp>
#include <optional>

#include "server/matching/testing/bench.h"

namespace perdure::server {
namespace {

using testing::Awaited;
using testing::Bench;

TEST_CASE("tasks go no faster than the workers ask for, a second's worth at once") {
  Bench bench;
  for (int i = 1; i <= 6; ++i) bench.Offer(bench.Activity(i));
  for (int i = 0; i < 6; ++i) {
    ActivityPoll poll;
    poll.request.mutable_task_queue()->set_name("queue");
    poll.request.mutable_task_queue_metadata()->mutable_max_tasks_per_second()->set_value(2);
    bench.matching.StartPoll({bench.namespaces.id(), poll, absl::Seconds(60)},
                             Awaited<PolledTask>().Answer());
  }
  bench.time.RunUntilIdle();
  CHECK(bench.history.asked.size() == 2);
  bench.time.Advance(absl::Milliseconds(500));
  CHECK(bench.history.asked.size() == 3);
  bench.time.Advance(absl::Seconds(1));
  CHECK(bench.history.asked.size() == 5);
  bench.time.Advance(absl::Seconds(10));
  CHECK(bench.history.asked.size() == 6);
}

TEST_CASE("the newest poll decides how fast tasks go, also when it says nothing or zero") {
  Bench bench;
  for (int i = 1; i <= 20; ++i) bench.Offer(bench.Activity(i));
  bench.PollWithRate(0.001);
  REQUIRE(bench.history.asked.size() == 1);
  CHECK(bench.Describe().rate_limit == 0.001);
  bench.PollWithRate(0.001);
  CHECK(bench.history.asked.size() == 1);
  CHECK(bench.Describe().rate_limiting);
  // Lifted: both go at once, whatever the old rate would have made them wait.
  bench.PollWithRate(std::nullopt);
  CHECK(bench.history.asked.size() == 3);
  CHECK(!bench.Describe().rate_limit.has_value());
  const auto stopped = bench.PollWithRate(0);
  bench.time.Advance(absl::Seconds(30));
  CHECK(bench.history.asked.size() == 3);
  CHECK(bench.Describe().rate_limit == 0);
  bench.PollWithRate(10);
  bench.time.Advance(absl::Milliseconds(200));
  CHECK(bench.history.asked.size() == 5);
  bench.time.Advance(absl::Minutes(1));
  CHECK(!bench.Describe().rate_limiting);
}

}  // namespace
}  // namespace perdure::server
