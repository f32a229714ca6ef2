// Pollers and tasks meet, and what becomes of a task that history does not start.
#include <catch2/catch.hpp>
#include <string>
#include <variant>
#include <vector>

#include "base/status.h"
#include "server/matching/testing/bench.h"

namespace perdure::server {
namespace {

namespace workflow = engine::workflow;
using testing::Bench;
using testing::kOwner;

TEST_CASE("a task and a poll meet, whichever came first") {
  Bench bench;
  const bool task_first = GENERATE(true, false);
  if (task_first) bench.Offer(bench.Activity(5));
  const auto poll = bench.Poll();
  if (!task_first) bench.Offer(bench.Activity(5));
  REQUIRE(bench.history.asked.size() == 1);
  CHECK(bench.Asked().scheduled_event_id == 5);
  CHECK(bench.Asked().identity == "worker");
  CHECK(!bench.Asked().request_id.empty());
  bench.Answer(workflow::Reply(workflow::ActivityTaskReply{}));
  CHECK(std::holds_alternative<workflow::ActivityTaskReply>(poll.Get()->task));
}

TEST_CASE("tasks go by priority, then by arrival; polls by arrival") {
  Bench bench;
  bench.Offer(bench.Activity(1, 3));
  bench.Offer(bench.Activity(2, 5));
  bench.Offer(bench.Activity(3, 1));
  bench.Offer(bench.Activity(4, 3));
  CHECK(bench.Describe().backlog_count == 4);
  for (int i = 0; i < 4; ++i) bench.Poll();
  std::vector<int64_t> order;
  for (size_t i = 0; i < 4; ++i) order.push_back(bench.Asked(i).scheduled_event_id);
  CHECK(order == std::vector<int64_t>{3, 1, 4, 2});
}

TEST_CASE("a stale task is dropped, and its poll keeps its place") {
  Bench bench;
  const auto first = bench.Poll();
  const auto second = bench.Poll();
  bench.Offer(bench.Activity(1));
  bench.Answer(NotFound("stale"));
  CHECK(!first.Came());
  CHECK(bench.Describe().backlog_count == 0);
  bench.Offer(bench.Activity(2));
  bench.Answer(workflow::Reply(workflow::ActivityTaskReply{}));
  CHECK(first.Came());
  CHECK(!second.Came());
}

TEST_CASE("a namespace that is not known says nothing of the task, which is tried again") {
  Bench bench;
  const auto poll = bench.Poll();
  bench.Offer(bench.Activity(1));
  bench.Answer(NamespaceNotFound("young"));
  bench.time.Advance(absl::Seconds(1));
  REQUIRE(bench.history.asked.size() == 1);
  bench.Answer(workflow::Reply(workflow::ActivityTaskReply{}));
  CHECK(poll.Came());
  // A task of a sticky queue whose worker is gone, too.
  bench.Offer(bench.Sticky());
  bench.Answer(NamespaceNotFound("young"));
  bench.time.Advance(absl::Seconds(1));
  CHECK(bench.history.asked.size() == 1);
  bench.Answer(NotFound("closed"));
  bench.time.Advance(absl::Seconds(10));
  CHECK(bench.history.asked.empty());
}

TEST_CASE("a start of unknown outcome is repeated for the same poll with the same request id") {
  Bench bench;
  const auto poll = bench.Poll();
  bench.Offer(bench.Activity(1));
  const std::string request_id = bench.Asked().request_id;
  bench.Answer(Unavailable("the commit's outcome is unknown"));
  bench.time.Advance(absl::Seconds(1));
  REQUIRE(bench.history.asked.size() == 1);
  CHECK(bench.Asked().request_id == request_id);
  bench.Answer(workflow::Reply(workflow::ActivityTaskReply{}));
  CHECK(poll.Came());
}

TEST_CASE("a start of unknown outcome is repeated for the next poll when its own is over") {
  Bench bench;
  const auto poll = bench.Poll(absl::Seconds(5));
  bench.Offer(bench.Activity(1));
  const std::string request_id = bench.Asked().request_id;
  bench.time.Advance(absl::Seconds(8));
  bench.Answer(Unavailable("the lease on the shards had a gap"));
  CHECK(std::holds_alternative<std::monostate>(poll.Get()->task));
  if (GENERATE(false, true)) bench.Offer(bench.Activity(1));  // by an owner that loaded its run again
  bench.time.Advance(absl::Seconds(1));
  const auto next = bench.Poll();
  REQUIRE(bench.history.asked.size() == 1);
  CHECK(bench.Asked().request_id == request_id);
  bench.Answer(workflow::Reply(workflow::ActivityTaskReply{}));
  CHECK(next.Came());
}

TEST_CASE("a refused start that comes back late says nothing of one of unknown outcome") {
  Bench bench;
  uint64_t refused = 0;
  const auto poll = bench.Poll(absl::Seconds(60), &refused);
  bench.Offer(bench.Activity(1));
  bench.Answer(absl::ResourceExhaustedError("too many calls wait"));
  bench.time.Advance(absl::Milliseconds(20));
  bench.Answer(absl::ResourceExhaustedError("too many calls wait"));  // now it waits longer
  bench.Offer(bench.Activity(1));
  const std::string request_id = bench.Asked().request_id;
  bench.matching.CancelPoll(refused);
  bench.Answer(Unavailable("the lease on the shards had a gap"));
  bench.time.Advance(absl::Seconds(1));
  const auto next = bench.Poll();
  REQUIRE(bench.history.asked.size() == 1);
  CHECK(bench.Asked().request_id == request_id);
}

TEST_CASE("after any other error the task is tried again later, and the poll waits on") {
  Bench bench;
  const auto poll = bench.Poll();
  bench.Offer(bench.Activity(1));
  bench.Answer(absl::ResourceExhaustedError("too many calls wait"));
  CHECK(bench.history.asked.empty());
  bench.time.Advance(absl::Seconds(1));
  REQUIRE(bench.history.asked.size() == 1);
  bench.Answer(workflow::Reply(workflow::ActivityTaskReply{}));
  CHECK(poll.Came());
}

TEST_CASE("what an owner keeps that hears of no room any more is forgotten, and comes back with its word") {
  Bench bench;
  const auto keeps = [&](size_t tasks) {
    bench.matching.Backlogged({bench.namespaces.id(), engine::TaskKind::kActivity, "queue"}, kOwner, tasks);
    bench.time.RunUntilIdle();
  };
  keeps(5);
  REQUIRE(bench.history.rooms.size() == 1);  // it is told, and has stopped
  CHECK(bench.Describe().backlog_count == 5);
  bench.time.Advance(absl::Minutes(3));
  CHECK(bench.Describe().backlog_count == 0);
  keeps(4);
  CHECK(bench.Describe().backlog_count == 4);
  CHECK(bench.history.rooms.size() == 2);
}

TEST_CASE("a task is held once, however often it is offered, and goes when it is withdrawn") {
  Bench bench;
  bench.Offer(bench.Activity(1));
  bench.Offer(bench.Activity(1));
  CHECK(bench.Describe().backlog_count == 1);
  bench.matching.Withdraw(bench.Activity(1));
  bench.time.RunUntilIdle();
  CHECK(bench.Describe().backlog_count == 0);
}

TEST_CASE("beyond the window tasks stay with their owner until there is room") {
  Bench bench({.queue_window = 4});
  for (int i = 1; i <= 6; ++i) bench.Offer(bench.Activity(i));
  REQUIRE(bench.history.declined.size() == 2);
  bench.matching.Backlogged(QueueOf(bench.Activity(1)), kOwner, 2);
  bench.time.RunUntilIdle();
  CHECK(bench.Describe().backlog_count == 6);
  CHECK(bench.history.rooms.empty());
  bench.Poll();
  CHECK(bench.history.rooms.empty());  // not for each task
  bench.Poll();
  REQUIRE(bench.history.rooms == std::vector<std::pair<OwnerId, size_t>>{{kOwner, 2}});
  bench.Offer(bench.Activity(5));
  bench.Offer(bench.Activity(6));
  bench.matching.Backlogged(QueueOf(bench.Activity(1)), kOwner, 0);
  bench.time.RunUntilIdle();
  CHECK(bench.Describe().backlog_count == 4);
  for (int i = 0; i < 4; ++i) bench.Poll();
  CHECK(bench.history.asked.size() == 6);
  CHECK(bench.history.rooms.size() == 1);
}

}  // namespace
}  // namespace perdure::server
