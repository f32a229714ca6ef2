// Sticky queues: whose tasks wait for their worker, and the backlog that its polls are told.
#include <catch2/catch.hpp>
#include <cstdint>
#include <variant>

#include "base/status.h"
#include "server/matching/testing/bench.h"

namespace perdure::server {
namespace {

namespace workflow = engine::workflow;
using testing::Awaited;
using testing::Bench;
using testing::Empty;

int64_t HintOf(const Awaited<PolledTask>& poll) {
  return std::get<workflow::WorkflowTaskReply>(poll.Get()->task).response.backlog_count_hint();
}

TEST_CASE("a sticky task whose worker is gone goes to the normal queue") {
  Bench bench;
  bench.Offer(bench.Sticky());
  REQUIRE(bench.history.asked.size() == 1);
  CHECK(std::get<workflow::ResetSticky>(bench.history.asked[0].request).move_pending_task);
  // History could not: it is asked again.
  bench.Answer(Unavailable("the lease is not held"));
  bench.time.Advance(absl::Seconds(1));
  CHECK(bench.history.asked.size() == 1);
}

TEST_CASE("a sticky task waits while its worker was seen lately, until the worker shuts down") {
  Bench bench;
  WorkflowPoll poll;
  poll.request.mutable_task_queue()->set_name("sticky");
  Awaited<PolledTask> reply;
  bench.matching.StartPoll({bench.namespaces.id(), poll, absl::Seconds(5)}, reply.Answer());
  bench.time.Advance(absl::Seconds(6));
  CHECK(Empty(reply));
  bench.Offer(bench.Sticky());
  CHECK(bench.history.asked.empty());
  bench.matching.ForgetStickyQueue({bench.namespaces.id(), engine::TaskKind::kWorkflow, "sticky"});
  bench.time.RunUntilIdle();
  CHECK(bench.history.asked.size() == 1);
  bench.Offer(bench.Sticky());
  CHECK(bench.history.asked.size() == 2);
}

TEST_CASE("a sticky poll's answer has no backlog, in whatever order a worker sees the answers of its polls") {
  const size_t first = GENERATE(0, 1);
  Bench bench;
  const auto one = bench.PollWorkflow(/*sticky=*/true);  // the worker is there
  bench.Offer(bench.WorkflowTask(1, true));
  for (int i = 2; i <= 4; ++i) bench.Offer(bench.WorkflowTask(i, true));
  const auto two = bench.PollWorkflow(true);
  REQUIRE(bench.history.asked.size() == 2);
  bench.Answer(workflow::Reply(workflow::WorkflowTaskReply{}), first);
  bench.Answer(workflow::Reply(workflow::WorkflowTaskReply{}));
  for (const auto& poll : {one, two}) CHECK(HintOf(poll) == 0);
}

TEST_CASE("a normal poll's answer has the backlog as it is when the answer is made") {
  Bench bench;
  for (int i = 1; i <= 4; ++i) bench.Offer(bench.WorkflowTask(i, false));
  const auto poll = bench.PollWorkflow(/*sticky=*/false);
  bench.matching.Withdraw(bench.WorkflowTask(3, false));
  bench.time.RunUntilIdle();
  bench.Answer(workflow::Reply(workflow::WorkflowTaskReply{}));
  CHECK(HintOf(poll) == 2);
}

}  // namespace
}  // namespace perdure::server
