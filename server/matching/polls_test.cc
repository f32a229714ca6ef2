// Polls that find nothing, and what is remembered of those who polled.
#include <catch2/catch.hpp>
#include <string>
#include <utility>

#include "base/limits.h"
#include "base/status.h"
#include "server/matching/testing/bench.h"

namespace perdure::server {
namespace {

using testing::Awaited;
using testing::Bench;
using testing::Empty;

TEST_CASE("a poll is answered empty at its time, and its worker is remembered for five minutes") {
  Bench bench;
  const auto poll = bench.Poll(absl::Seconds(10));
  bench.time.Advance(absl::Seconds(9));
  CHECK(!poll.Came());
  bench.time.Advance(absl::Seconds(1));
  CHECK(Empty(poll));
  REQUIRE(bench.Describe().pollers.size() == 1);
  CHECK(bench.Describe().pollers[0].identity == "worker");
  bench.time.Advance(absl::Minutes(6));
  CHECK(bench.Describe().pollers.empty());
}

TEST_CASE("no task is lost on a poll whose caller is gone") {
  Bench bench;
  uint64_t id = 0;
  const auto gone = bench.Poll(absl::Seconds(60), &id);
  bench.matching.CancelPoll(id);
  bench.time.RunUntilIdle();
  CHECK(Empty(gone));
  bench.Offer(bench.Activity(1));
  CHECK(bench.history.asked.empty());
  // Gone while it is being matched: a refusal does not bring it back.
  const auto going = bench.Poll(absl::Seconds(60), &id);
  bench.matching.CancelPoll(id);
  bench.time.RunUntilIdle();
  bench.Answer(NotFound("stale"));
  CHECK(Empty(going));
}

TEST_CASE("pollers without an identity are not shown, and of many the latest are") {
  Bench bench;
  for (size_t i = 0; i <= limits::kPollersShown; ++i) {
    ActivityPoll poll;
    poll.request.mutable_task_queue()->set_name("queue");
    poll.request.set_identity("worker" + std::to_string(i));
    bench.Start(std::move(poll));
    bench.time.Advance(absl::Milliseconds(1));
  }
  bench.PollWithRate(std::nullopt);  // nobody by name
  const auto pollers = bench.Describe().pollers;
  REQUIRE(pollers.size() == limits::kPollersShown);
  CHECK(pollers.front().identity == "worker" + std::to_string(limits::kPollersShown));
  CHECK(pollers.back().identity == "worker1");
}

TEST_CASE("of queues that nobody uses any more the one polled last is remembered longest") {
  Bench bench({.idle_queues = 8});
  const auto described = [&](int queue) {
    Awaited<QueueDescription> reply;
    bench.matching.Describe(
        {bench.namespaces.id(), engine::TaskKind::kActivity, "queue" + std::to_string(queue)},
        reply.Answer());
    bench.time.RunUntilIdle();
    return reply.Get()->pollers.size();
  };
  constexpr int kQueues = 100;
  for (int i = 0; i < kQueues; ++i) {
    ActivityPoll poll;
    poll.request.mutable_task_queue()->set_name("queue" + std::to_string(i));
    poll.request.set_identity("worker");
    Awaited<PolledTask> reply;
    // The first one waits on; it is in use.
    const absl::Duration wait = i == 0 ? absl::Minutes(10) : absl::Milliseconds(10);
    bench.matching.StartPoll({bench.namespaces.id(), std::move(poll), wait}, reply.Answer());
    bench.time.Advance(absl::Milliseconds(20));
  }
  CHECK(described(0) == 1);
  size_t remembered = 0;
  for (int i = 1; i < kQueues; ++i) remembered += described(i);
  CHECK(remembered >= 8);
  CHECK(remembered <= 10);
  CHECK(described(kQueues - 1) == 1);
}

TEST_CASE("a poll for Nexus tasks finds nothing") {
  Bench bench;
  Awaited<PolledTask> reply;
  bench.matching.StartPoll({bench.namespaces.id(), NexusPoll{"queue", "worker"}, absl::Seconds(5)},
                           reply.Answer());
  bench.time.Advance(absl::Seconds(4));
  CHECK(!reply.Came());
  bench.time.Advance(absl::Seconds(1));
  CHECK(Empty(reply));
}

TEST_CASE("a drained server answers polls empty, those that come later too") {
  Bench bench;
  const auto waiting = bench.Poll();
  Awaited<PolledTask> nexus;
  bench.matching.StartPoll({bench.namespaces.id(), NexusPoll{"queue", "worker"}, absl::Seconds(60)},
                           nexus.Answer());
  bench.matching.Drain();
  bench.time.RunUntilIdle();
  CHECK(Empty(waiting));
  CHECK(Empty(nexus));
  CHECK(Empty(bench.Poll()));
}

}  // namespace
}  // namespace perdure::server
