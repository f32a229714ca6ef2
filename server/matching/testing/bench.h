// Matching on virtual time with a history made by hand, whose answers the test decides. Calls and what they
// lead to are run to their end in one line each.
//
// Not thread-safe: the test's thread only. Ownership: the bench owns all of its parts; an answer that it gave
// may outlive it.
// REQUIRES: used inside of a Catch2 test case.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "base/testing/manual_executor.h"
#include "engine/workflow/workflow_entity.h"
#include "server/history/testing/test_node.h"
#include "server/matching/node_matching.h"
#include "server/metrics/testing/null_metrics.h"
#include "temporal/api/enums/v1/task_queue.pb.h"

namespace perdure::server::testing {

// Admits starts as the test says, and remembers what it was asked.
class HandHistory final : public server::History {
 public:
  struct Asked {
    RunRef run;
    workflow::Request request;
    Callback<workflow::Reply> done;
  };

  void Execute(EntityRef run, engine::RequestPtr request, Callback<engine::ReplyPtr> done) override {
    const auto& of_workflow = dynamic_cast<const workflow::WorkflowRequest&>(*request);
    asked.push_back({std::move(run), of_workflow.request(),
                     [done = std::move(done)](absl::StatusOr<workflow::Reply> reply) mutable {
                       if (!reply.ok()) return std::move(done)(reply.status());
                       std::move(done)(std::make_unique<workflow::WorkflowReply>(*std::move(reply)));
                     }});
  }
  void Start(const Uuid&, KindNumber, std::unique_ptr<engine::StartRequest>,
             Callback<engine::ReplyPtr>) override {}
  void Read(EntityRef, engine::RequestPtr, Callback<engine::ReplyPtr>) override {}
  void Deliver(perdure::engine::Delivery, Callback<perdure::engine::DeliveryAnswers>) override {}
  uint64_t Ask(EntityRef, engine::RequestPtr, absl::Duration, Callback<engine::ReplyPtr>) override {
    return 0;
  }
  uint64_t WaitForEvents(RunRef, int64_t, absl::Duration, Callback<RunPosition>) override { return 0; }
  void CancelWait(uint64_t) override {}
  void ReadEvents(EventsQuery, Callback<EventsPage>) override {}

  void Declined(Task task) override { declined.push_back(std::move(task)); }
  void HasRoom(OwnerId owner, const QueueKey&, size_t room) override { rooms.emplace_back(owner, room); }

  std::deque<Asked> asked;
  std::vector<Task> declined;
  std::vector<std::pair<OwnerId, size_t>> rooms;
};

// Who owns the tasks of the bench.
inline constexpr OwnerId kOwner{7};

// Matching alone, with tasks and polls of one namespace's queue "queue" and of its sticky queue "sticky".
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
    task.owner = kOwner;
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
    if (sticky) poll.request.mutable_task_queue()->set_kind(temporal::api::enums::v1::TASK_QUEUE_KIND_STICKY);
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
  OneNamespace namespaces;
  NullMetrics metrics;
  NodeMatching matching;
};

inline bool Empty(const Awaited<PolledTask>& poll) {
  return std::holds_alternative<std::monostate>(poll.Get()->task);
}

}  // namespace perdure::server::testing
