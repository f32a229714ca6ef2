#include "server/history/declined_tasks.h"

#include <catch2/catch.hpp>

namespace perdure::server {
namespace {

using persistence::RunKey;

RunKey Run(uint8_t number) {
  RunKey run;
  run.run_id.bytes[0] = number;
  return run;
}

std::vector<RunKey> RunsOf(const std::vector<DeclinedTasks::Entry>& tasks) {
  std::vector<RunKey> runs;
  for (const auto& [run, scheduled_event_id] : tasks) runs.push_back(run);
  return runs;
}

QueueKey Queue(const std::string& name) { return {{}, engine::TaskKind::kWorkflow, name}; }

TEST_CASE("declined tasks come in the order in which they were declined, each once") {
  DeclinedTasks tasks;
  for (const uint8_t run : {3, 1, 2, 1, 3}) tasks.Add(Queue("a"), Run(run), 2);
  tasks.Add(Queue("a"), Run(1), 7);
  tasks.Add(Queue("b"), Run(9), 2);
  CHECK(tasks.Count(Queue("a")) == 4);
  CHECK(RunsOf(tasks.Take(Queue("a"), 2)) == std::vector<RunKey>{Run(3), Run(1)});
  CHECK(RunsOf(tasks.Take(Queue("a"), 9)) == std::vector<RunKey>{Run(2), Run(1)});
  CHECK(tasks.Take(Queue("a"), 9).empty());
  CHECK(tasks.Count(Queue("b")) == 1);
}

TEST_CASE("a task that was removed comes no more, and may come again at the end") {
  DeclinedTasks tasks;
  for (uint8_t run = 0; run < 4; ++run) tasks.Add(Queue("a"), Run(run), 2);
  CHECK(tasks.Remove(Queue("a"), Run(1), 2));
  CHECK_FALSE(tasks.Remove(Queue("a"), Run(1), 2));
  CHECK_FALSE(tasks.Remove(Queue("b"), Run(0), 2));
  CHECK(RunsOf(tasks.Take(Queue("a"), 9)) == std::vector<RunKey>{Run(0), Run(2), Run(3)});
  CHECK(tasks.empty());
}

TEST_CASE("tasks that come and go leave nothing behind") {
  DeclinedTasks tasks;
  tasks.Add(Queue("a"), Run(1), 1);
  for (int64_t event = 2; event < 10'000; ++event) {
    tasks.Add(Queue("a"), Run(2), event);
    CHECK(tasks.Remove(Queue("a"), Run(2), event));
  }
  tasks.Add(Queue("a"), Run(2), 5);
  CHECK(RunsOf(tasks.Take(Queue("a"), 9)) == std::vector<RunKey>{Run(1), Run(2)});
}

}  // namespace
}  // namespace perdure::server
