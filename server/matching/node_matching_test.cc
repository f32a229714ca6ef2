// Pollers and tasks meet: with a history made by hand, whose answers the test decides.
#include "server/matching/node_matching.h"

#include <catch2/catch.hpp>
#include <deque>

#include "base/limits.h"
#include "base/status.h"
#include "base/testing/manual_executor.h"
#include "server/history/testing/test_node.h"
#include "server/metrics/testing/null_metrics.h"
#include "temporal/api/enums/v1/task_queue.pb.h"

namespace perdure::server {
namespace {

namespace enums = temporal::api::enums::v1;
namespace workflow = engine::workflow;
using testing::Awaited;

// Admits starts as the test says, and remembers what it was asked.
class HandHistory final : public History {
 public:
  struct Asked {
    RunRef run;
    workflow::Request request;
    Callback<workflow::Reply> done;
  };

  void Execute(RunRef run, workflow::Request request, Callback<workflow::Reply> done) override {
    asked.push_back({std::move(run), std::move(request), std::move(done)});
  }
  void Start(const Uuid&, workflow::api::StartWorkflowExecutionRequest,
             Callback<workflow::StartReply>) override {}
  void Describe(RunRef, Callback<workflow::api::DescribeWorkflowExecutionResponse>) override {}
  uint64_t WaitForEvents(RunRef, int64_t, absl::Duration, Callback<RunPosition>) override { return 0; }
  void CancelWait(uint64_t) override {}
  void ReadEvents(EventsQuery, Callback<EventsPage>) override {}

  std::deque<Asked> asked;
};

class HandOwner final : public TaskOwner {
 public:
  void Declined(Task task) override { declined.push_back(std::move(task)); }
  void HasRoom(const QueueKey&, size_t room) override { rooms.push_back(room); }
  std::vector<Task> declined;
  std::vector<size_t> rooms;
};

struct Bench {
  explicit Bench(MatchingOptions options = {}) : matching(executor, history, namespaces, metrics, options) {}
  ~Bench() { executor.DropEverything(); }

  Task Activity(int n, int32_t priority = 3) {
    Task task;
    task.run = {namespaces.id(), "wf", Uuid::Parse("99999999-2222-4333-8444-555555555555")};
    task.dispatch.kind = engine::TaskKind::kActivity;
    task.dispatch.task_queue = "queue";
    task.dispatch.normal_task_queue = "queue";
    task.dispatch.scheduled_event_id = n;
    task.dispatch.priority_key = priority;
    task.dispatch.scheduled_time = executor.Now();
    task.owner = &owner;
    return task;
  }
  Task Sticky() {
    Task task = Activity(1);
    task.dispatch.kind = engine::TaskKind::kWorkflow;
    task.dispatch.task_queue = "sticky";
    task.dispatch.sticky = true;
    return task;
  }
  Task WorkflowTask(int n, bool sticky) {
    Task task = Activity(n);
    task.dispatch.kind = engine::TaskKind::kWorkflow;
    if (sticky) task.dispatch.task_queue = "sticky";
    task.dispatch.sticky = sticky;
    return task;
  }
  Awaited<PolledTask> PollWorkflow(bool sticky) {
    WorkflowPoll poll;
    poll.request.mutable_task_queue()->set_name(sticky ? "sticky" : "queue");
    if (sticky) poll.request.mutable_task_queue()->set_kind(enums::TASK_QUEUE_KIND_STICKY);
    return Start(std::move(poll));
  }
  Awaited<PolledTask> PollWithRate(std::optional<double> rate) {
    ActivityPoll poll;
    poll.request.mutable_task_queue()->set_name("queue");
    if (rate) poll.request.mutable_task_queue_metadata()->mutable_max_tasks_per_second()->set_value(*rate);
    return Start(std::move(poll));
  }
  template <typename T>
  Awaited<PolledTask> Start(T poll) {
    Awaited<PolledTask> reply;
    matching.StartPoll({namespaces.id(), std::move(poll), absl::Seconds(60)}, reply.Answer());
    time.RunUntilIdle();
    return reply;
  }
  void Offer(Task task) {
    matching.Offer(std::move(task));
    time.RunUntilIdle();
  }
  Awaited<PolledTask> Poll(absl::Duration wait = absl::Seconds(60), uint64_t* id = nullptr) {
    ActivityPoll poll;
    poll.request.mutable_task_queue()->set_name("queue");
    poll.request.set_identity("worker");
    Awaited<PolledTask> reply;
    const uint64_t poll_id = matching.StartPoll({namespaces.id(), poll, wait}, reply.Answer());
    if (id != nullptr) *id = poll_id;
    time.RunUntilIdle();
    return reply;
  }
  const workflow::StartActivityTask& Asked(size_t n = 0) {
    return std::get<workflow::StartActivityTask>(history.asked.at(n).request);
  }
  // Answers a question, the oldest one by itself.
  void Answer(absl::StatusOr<workflow::Reply> reply, size_t n = 0) {
    const auto at = history.asked.begin() + static_cast<std::ptrdiff_t>(n);
    HandHistory::Asked asked = std::move(*at);
    history.asked.erase(at);
    executor.Post([done = std::move(asked.done), reply = std::move(reply)]() mutable {
      std::move(done)(std::move(reply));
    });
    time.RunUntilIdle();
  }
  QueueDescription Describe() {
    Awaited<QueueDescription> reply;
    matching.Describe({namespaces.id(), engine::TaskKind::kActivity, "queue"}, reply.Answer());
    time.RunUntilIdle();
    return *reply.Get();
  }

  VirtualTime time{1};
  ManualExecutor executor{time};
  HandHistory history;
  HandOwner owner;
  testing::OneNamespace namespaces;
  NullMetrics metrics;
  NodeMatching matching;
};

int32_t DecisionOf(const Awaited<PolledTask>& poll) {
  return std::get<workflow::ActivityTaskReply>(poll.Get()->task)
      .response.poller_scaling_decision()
      .poll_request_delta_suggestion();
}

int64_t HintOf(const Awaited<PolledTask>& poll) {
  return std::get<workflow::WorkflowTaskReply>(poll.Get()->task).response.backlog_count_hint();
}

bool Empty(const Awaited<PolledTask>& poll) {
  return std::holds_alternative<std::monostate>(poll.Get()->task);
}

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
  REQUIRE(bench.owner.declined.size() == 2);
  bench.matching.Backlogged(QueueOf(bench.Activity(1)), &bench.owner, 2);
  bench.time.RunUntilIdle();
  CHECK(bench.Describe().backlog_count == 6);
  CHECK(bench.owner.rooms.empty());
  bench.Poll();
  CHECK(bench.owner.rooms.empty());  // not for each task
  bench.Poll();
  REQUIRE(bench.owner.rooms == std::vector<size_t>{2});
  bench.Offer(bench.Activity(5));
  bench.Offer(bench.Activity(6));
  bench.matching.Backlogged(QueueOf(bench.Activity(1)), &bench.owner, 0);
  bench.time.RunUntilIdle();
  CHECK(bench.Describe().backlog_count == 4);
  for (int i = 0; i < 4; ++i) bench.Poll();
  CHECK(bench.history.asked.size() == 6);
  CHECK(bench.owner.rooms.size() == 1);
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
