// Workers are told whether more of their pollers would be of use.
#include <catch2/catch.hpp>
#include <cstdint>
#include <variant>

#include "server/matching/testing/bench.h"

namespace perdure::server {
namespace {

namespace workflow = engine::workflow;
using testing::Awaited;
using testing::Bench;

int32_t DecisionOf(const Awaited<PolledTask>& poll) {
  return std::get<workflow::ActivityTaskReply>(poll.Get()->task)
      .response.poller_scaling_decision()
      .poll_request_delta_suggestion();
}

TEST_CASE(
    "a poller that waited long is told that there are enough, one that finds a backlog that there are too "
    "few") {
  Bench bench;
  const auto idle = bench.Poll();
  bench.time.Advance(absl::Seconds(2));
  bench.Offer(bench.Activity(1));
  bench.Answer(workflow::Reply(workflow::ActivityTaskReply{}));
  CHECK(DecisionOf(idle) == -1);
  bench.Offer(bench.Activity(2));
  bench.Offer(bench.Activity(3));
  bench.time.Advance(absl::Seconds(1));
  const auto busy = bench.Poll();
  bench.Answer(workflow::Reply(workflow::ActivityTaskReply{}));
  CHECK(DecisionOf(busy) == 1);
}

TEST_CASE("where tasks go as fast as they come no more pollers are asked for") {
  Bench bench;
  for (int i = 1; i <= 5; ++i) {
    const auto poll = bench.Poll();
    bench.Offer(bench.Activity(i));
    bench.Answer(workflow::Reply(workflow::ActivityTaskReply{}));
    CHECK(DecisionOf(poll) == 0);
  }
}

TEST_CASE("a queue that its limit holds back asks for no more pollers") {
  Bench bench;
  for (int i = 1; i <= 5; ++i) bench.Offer(bench.Activity(i));
  bench.PollWithRate(1);
  bench.Answer(workflow::Reply(workflow::ActivityTaskReply{}));
  const auto limited = bench.PollWithRate(1);
  bench.time.Advance(absl::Seconds(1));
  bench.Answer(workflow::Reply(workflow::ActivityTaskReply{}));
  CHECK(DecisionOf(limited) == 0);
  // Once nothing has waited for the limit for half a minute, a backlog as old asks for more.
  bench.time.Advance(absl::Minutes(1));
  const auto free = bench.PollWithRate(1);
  bench.Answer(workflow::Reply(workflow::ActivityTaskReply{}));
  CHECK(DecisionOf(free) == 1);
}

}  // namespace
}  // namespace perdure::server
