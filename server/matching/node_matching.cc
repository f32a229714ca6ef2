#include "server/matching/node_matching.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/status.h"
#include "temporal/api/enums/v1/failed_cause.pb.h"

namespace perdure::server {

namespace {

namespace enums = temporal::api::enums::v1;

QueueKey QueueOfPoll(const Poll& poll) {
  if (const auto* workflow = std::get_if<WorkflowPoll>(&poll.poll)) {
    return {poll.namespace_id, engine::TaskKind::kWorkflow, workflow->request.task_queue().name()};
  }
  if (const auto* activity = std::get_if<ActivityPoll>(&poll.poll)) {
    return {poll.namespace_id, engine::TaskKind::kActivity, activity->request.task_queue().name()};
  }
  return {};
}

// What the poll says of its queue's rate; nullopt: no limit. The newest poll's word holds, also when it says
// nothing.
std::optional<double> RateOf(const Poll& poll) {
  const auto* activity = std::get_if<ActivityPoll>(&poll.poll);
  if (activity == nullptr || !activity->request.task_queue_metadata().has_max_tasks_per_second()) return {};
  return activity->request.task_queue_metadata().max_tasks_per_second().value();
}

}  // namespace

NodeMatching::NodeMatching(Executor& executor, History& history, const NamespaceRegistry& namespaces,
                           Metrics& metrics, MatchingOptions options)
    : executor_(executor),
      history_(history),
      namespaces_(namespaces),
      metrics_(metrics),
      window_(options.queue_window != 0 ? options.queue_window : limits::kQueueWindow),
      idle_queues_(options.idle_queues != 0 ? options.idle_queues : limits::kIdleQueues),
      polls_(metrics.gauge("perdure_pollers", {})),
      versioned_workers_(metrics.counter("perdure_versioned_workers", {})),
      crowd_(idle_queues_) {}

NodeMatching::~NodeMatching() = default;

std::string NodeMatching::NamespaceName(const Uuid& id) const {
  const absl::StatusOr<NamespacePtr> known = namespaces_.ById(id);
  return known.ok() ? (*known)->settings.name : id.ToString();
}

void NodeMatching::HoldMetrics(TaskQueue& queue, bool sticky) {
  const std::string name = NamespaceName(queue.key().namespace_id);
  const std::string_view kind = queue.key().kind == engine::TaskKind::kWorkflow ? "Workflow" : "Activity";
  // A sticky queue's name is its worker's alone: as a label it would be without bound.
  const std::string_view label = sticky ? "__sticky__" : std::string_view(queue.key().name);
  QueueMetrics& handles = *queue.metrics;
  handles.of_queue = metrics_.Hold({{"namespace", name}, {"taskqueue", label}, {"task_type", kind}});
  handles.poll_success = &handles.of_queue->counter("poll_success");
  handles.poll_success_sync = &handles.of_queue->counter("poll_success_sync");
  handles.poll_timeouts = &handles.of_queue->counter("poll_timeouts");
  handles.poll_latency = &handles.of_queue->histogram("poll_latency");
  handles.schedule_to_start = &handles.of_queue->histogram("task_schedule_to_start_latency");
  if (!sticky) {
    handles.backlog_count = &handles.of_queue->gauge("approximate_backlog_count");
    handles.backlog_age = &handles.of_queue->gauge("approximate_backlog_age_seconds");
  }
  // Under the names of the calls that go between the real server's history and matching.
  handles.of_adding = metrics_.Hold(
      {{"operation", fmt::format("Add{}Task", kind)}, {"namespace", name}, {"service_name", "matching"}});
  handles.added = &handles.of_adding->counter("service_requests");
  handles.sync_match = &handles.of_adding->histogram("syncmatch_latency");
  handles.async_match = &handles.of_adding->histogram("asyncmatch_latency");
  handles.of_starting = metrics_.Hold({{"operation", fmt::format("Record{}TaskStarted", kind)},
                                       {"namespace", name},
                                       {"service_name", "history"}});
  handles.started = &handles.of_starting->counter("service_requests");
}

void NodeMatching::FindPlaceForMetrics(TaskQueue& queue) {
  // An attempt that goes on counts by what the queue had when it began.
  if (queue.metrics->in_hand != 0 || queue.metrics->of_queue->Use()) return;
  const bool sticky = queue.metrics->backlog_count == nullptr;
  queue.metrics = std::make_shared<QueueMetrics>();
  HoldMetrics(queue, sticky);
}

TaskQueue& NodeMatching::QueueFor(const QueueKey& key, bool sticky) {
  std::unique_ptr<TaskQueue>& queue = queues_[key];
  if (queue != nullptr) return *queue;
  queue = std::make_unique<TaskQueue>(key, window_);
  HoldMetrics(*queue, sticky);
  ForgetIdleQueuesLater();
  return *queue;
}

void NodeMatching::Offer(Task task) {
  executor_.Post([this, task = std::move(task)]() mutable { OnOffer(std::move(task)); });
}

void NodeMatching::OnOffer(Task task) {
  TaskQueue& queue = QueueFor(QueueOf(task), task.dispatch.sticky);
  if (task.dispatch.sticky && WorkerGone(queue)) {
    MoveToNormalQueue(task);
    return;
  }
  HeldTask held{std::move(task), next_order_++, executor_.Now(), !queue.HasPoll(), 0};
  Task declined = queue.room() == 0 ? held.task : Task{};
  switch (queue.Add(std::move(held))) {
    case TaskQueue::Added::kYes:
      queue.added.Add(executor_.Monotonic());
      queue.metrics->added->Add();
      break;
    case TaskQueue::Added::kKnown:
      return;
    case TaskQueue::Added::kFull:
      history_.entities().Declined(std::move(declined));
      return;
  }
  MatchAll(queue);
}

void NodeMatching::Withdraw(const Task& task) {
  executor_.Post([this, task] {
    const auto queue = queues_.find(QueueOf(task));
    if (queue == queues_.end() || !queue->second->Remove(task)) return;
    UpdateBacklog(*queue->second);
    GrantRoom(*queue->second);
  });
}

void NodeMatching::Backlogged(const QueueKey& key, OwnerId owner, size_t tasks) {
  executor_.Post([this, key, owner, tasks] {
    TaskQueue& queue = QueueFor(key);
    queue.SetKept(owner, tasks);
    GrantRoom(queue);
    UpdateBacklog(queue);
  });
}

void NodeMatching::GrantRoom(TaskQueue& queue) {
  // Half a window at a time: not a call for each task.
  if (queue.owners().empty() || queue.room() < (window_ + 1) / 2) return;
  const size_t share = std::max<size_t>(1, queue.room() / queue.owners().size());
  for (TaskQueue::Owner& owner : queue.owners()) {
    if (owner.told) continue;
    owner.told = executor_.Monotonic();
    history_.entities().HasRoom(owner.owner, queue.key(), share);
  }
}

uint64_t NodeMatching::StartPoll(Poll poll, Callback<PolledTask> done) {
  auto waiting = std::make_shared<WaitingPoll>();
  waiting->id = next_poll_.fetch_add(1, std::memory_order_relaxed);
  waiting->queue = QueueOfPoll(poll);
  waiting->poll = std::move(poll);
  waiting->done = std::move(done);
  const uint64_t id = waiting->id;
  if (!polls_.Add(waiting)) {
    executor_.Post([waiting] {
      std::move(waiting->done)(ResourceExhausted("too many polls wait",
                                                 enums::RESOURCE_EXHAUSTED_CAUSE_CONCURRENT_LIMIT,
                                                 enums::RESOURCE_EXHAUSTED_SCOPE_SYSTEM));
    });
    return id;
  }
  executor_.Post([this, waiting = std::move(waiting)] { OnPoll(waiting); });
  return id;
}

void NodeMatching::OnPoll(const PollPtr& poll) {
  poll->arrived = executor_.Monotonic();
  poll->deadline = poll->arrived + poll->poll.wait;
  if (draining_ || poll->gone) {
    AnswerEmpty(poll);
    return;
  }
  if (std::holds_alternative<NexusPoll>(poll->poll.poll)) {
    poll->timer = executor_.RunAfter(poll->poll.wait, [this, poll] { AnswerEmpty(poll); });
    return;
  }
  versioned_workers_.Saw(poll->poll, namespaces_);
  poll->request_id = Uuid::Mint(executor_.random()).ToString();
  TaskQueue& queue = QueueFor(poll->queue, IsSticky(poll->poll));
  queue.pollers.Saw(poll->poll, executor_.Now());
  SetRate(queue, RateOf(poll->poll));
  WaitWith(queue, poll);
  MatchAll(queue);
}

void NodeMatching::SetRate(TaskQueue& queue, std::optional<double> per_second) {
  if (queue.rate.per_second() == per_second) return;
  queue.rate.Set(per_second, executor_.Monotonic());
  // Tasks that wait for the old rate wait for the new one, which may be sooner.
  executor_.Cancel(std::exchange(queue.rate_timer, Executor::kNoTimer));
}

void NodeMatching::WaitWith(TaskQueue& queue, const PollPtr& poll) {
  queue.Add(poll);
  poll->timer =
      executor_.RunAfter(poll->deadline - executor_.Monotonic(), [this, poll] { OnPollTimeout(poll); });
}

void NodeMatching::OnPollTimeout(const PollPtr& poll) {
  TaskQueue& queue = QueueFor(poll->queue);
  queue.Remove(poll);
  // The worker was there until now.
  queue.pollers.Saw(poll->poll, executor_.Now());
  AnswerEmpty(poll);
}

void NodeMatching::AnswerEmpty(const PollPtr& poll) {
  executor_.Cancel(poll->timer);
  if (!polls_.Claim(poll->id)) return;
  if (const auto queue = queues_.find(poll->queue); queue != queues_.end()) {
    queue->second->metrics->poll_timeouts->Add();
    queue->second->metrics->poll_latency->Observe(executor_.Monotonic() - poll->arrived);
  }
  std::move(poll->done)(PolledTask{});
}

void NodeMatching::CancelPoll(uint64_t id) {
  PollPtr poll = polls_.MarkGone(id);
  if (poll == nullptr) return;
  executor_.Post([this, poll = std::move(poll)] {
    const bool nexus = std::holds_alternative<NexusPoll>(poll->poll.poll);
    const auto queue = queues_.find(poll->queue);
    // A poll that is being matched is answered by its match.
    if (nexus || (queue != queues_.end() && queue->second->Remove(poll))) AnswerEmpty(poll);
  });
}

void NodeMatching::Describe(QueueKey key, Callback<QueueDescription> done) {
  executor_.Post([this, key = std::move(key), done = std::move(done)]() mutable {
    QueueDescription description;
    if (const auto found = queues_.find(key); found != queues_.end()) {
      TaskQueue& queue = *found->second;
      queue.pollers.Forget(executor_.Now());
      description.pollers = queue.pollers.List();
      description.backlog_count = static_cast<int64_t>(queue.backlog()->load());
      if (const auto oldest = queue.OldestTask()) description.backlog_age = executor_.Now() - *oldest;
      description.tasks_add_rate = queue.added.PerSecond(executor_.Monotonic());
      description.tasks_dispatch_rate = queue.dispatched.PerSecond(executor_.Monotonic());
      description.rate_limit = queue.rate.per_second();
      description.rate_limiting = queue.rate_limited.PerSecond(executor_.Monotonic()) > 0;
    }
    std::move(done)(std::move(description));
  });
}

void NodeMatching::Drain() {
  executor_.Post([this] {
    draining_ = true;
    EndQueries();
    for (const PollPtr& poll : polls_.All()) {
      const bool nexus = std::holds_alternative<NexusPoll>(poll->poll.poll);
      const auto queue = queues_.find(poll->queue);
      // A poll that is being matched is answered by its match.
      if (nexus || (queue != queues_.end() && queue->second->Remove(poll))) AnswerEmpty(poll);
    }
  });
}

void NodeMatching::UpdateBacklog(TaskQueue& queue) {
  if (queue.metrics->backlog_count == nullptr) return;
  queue.metrics->backlog_count->Set(static_cast<double>(queue.backlog()->load()));
  const auto oldest = queue.OldestTask();
  queue.metrics->backlog_age->Set(oldest ? absl::ToDoubleSeconds(executor_.Now() - *oldest) : 0);
}

}  // namespace perdure::server
