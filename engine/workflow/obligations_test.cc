#include <catch2/catch.hpp>

#include "base/time.h"
#include "engine/workflow/testing/activity_worker.h"

namespace perdure::engine::workflow::testing {
namespace {

TEST_CASE("A workflow task that waits is a dispatch until it is started") {
  TestRun run;
  REQUIRE(run.Start([](auto& start) { start.mutable_priority()->set_priority_key(5); }).ok());
  const Obligations waiting = run.obligations();
  REQUIRE(waiting.dispatches.size() == 1);
  REQUIRE(waiting.dispatches[0].kind == TaskKind::kWorkflow);
  REQUIRE(waiting.dispatches[0].task_queue == "queue");
  REQUIRE(waiting.dispatches[0].normal_task_queue == "queue");
  REQUIRE_FALSE(waiting.dispatches[0].sticky);
  REQUIRE(waiting.dispatches[0].scheduled_event_id == 2);
  REQUIRE(waiting.dispatches[0].attempt == 1);
  REQUIRE(waiting.dispatches[0].scheduled_time == run.now());
  REQUIRE(waiting.dispatches[0].priority_key == 5);

  run.PollWorkflowTask();
  REQUIRE(run.obligations().dispatches.empty());
  REQUIRE(run.obligations().next_timer == run.now() + absl::Seconds(10));
  const Obligations durable = DurableObligationsOf(run.state());
  REQUIRE(durable.dispatches == waiting.dispatches);
  REQUIRE(durable.next_timer == waiting.next_timer);
  run.Crash();  // the start was never recorded
  REQUIRE(run.obligations().dispatches == waiting.dispatches);
}

TEST_CASE("Each activity that waits is a dispatch, one in backoff with the time when it may go") {
  TestRun run;
  ActivityWorker worker(run);
  StartWith(run, {ScheduleActivity("a1"), ScheduleActivity("a2", [](auto& a) {
                    a.mutable_task_queue()->set_name("other");
                    a.mutable_priority()->set_priority_key(1);
                  })});
  std::vector<Dispatch> dispatches = run.obligations().dispatches;
  REQUIRE(dispatches.size() == 2);
  REQUIRE(dispatches[0].kind == TaskKind::kActivity);
  REQUIRE(dispatches[0].task_queue == "queue");
  REQUIRE(dispatches[0].priority_key == 3);
  REQUIRE(dispatches[1].task_queue == "other");
  REQUIRE(dispatches[1].normal_task_queue == "other");
  REQUIRE(dispatches[1].scheduled_event_id == 6);
  REQUIRE(dispatches[1].priority_key == 1);

  const TaskToken first = worker.Poll().token;
  REQUIRE(run.obligations().dispatches.size() == 1);
  REQUIRE(worker.Fail(first).ok());
  dispatches = run.obligations().dispatches;
  REQUIRE(dispatches.size() == 2);
  REQUIRE(dispatches[0].attempt == 2);
  REQUIRE(dispatches[0].scheduled_time == run.now() + absl::Seconds(1));
}

TEST_CASE("The next timer is the earliest of all kinds; a closed run owes only its deletion") {
  TestRun run;
  ActivityWorker worker(run);
  StartWith(run, {StartTimer("t1", absl::Seconds(20)), ScheduleActivity("a1")},
            [](auto& start) { *start.mutable_workflow_run_timeout() = ToProto(absl::Seconds(30)); });
  const absl::Time begin = run.now();
  REQUIRE(run.obligations().next_timer == begin + absl::Seconds(20));
  worker.Poll();
  REQUIRE(run.obligations().next_timer == begin + absl::Seconds(10));
  run.Advance(absl::Seconds(25));
  REQUIRE(run.obligations().next_timer == begin + absl::Seconds(30));
  run.Advance(absl::Seconds(5));
  REQUIRE_FALSE(run.state().IsOpen());
  REQUIRE(run.obligations().dispatches.empty());
  REQUIRE(run.obligations().next_timer == run.now() + run.settings().retention);
}

}  // namespace
}  // namespace perdure::engine::workflow::testing
