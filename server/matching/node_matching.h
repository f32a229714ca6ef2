// Matching on one node, all queues on one executor.
//
// A match calls History::Execute: the run's owner admits or refuses the start. Refused as not there
// (refusal.h), the task is stale and dropped, and the poll goes back to its place. UNAVAILABLE leaves it open
// whether the start was recorded: the same pair is tried again with the same request id, which gets the same
// answer if it was; and when the poll's time is over, the task and its next poll are. After any other error
// the task goes back, to be tried again a little later.
//
// Thread safety: as Matching. Destroyed on its executor, or after that has stopped or dropped its tasks.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "absl/container/btree_map.h"
#include "absl/container/flat_hash_map.h"
#include "base/executor.h"
#include "server/cluster/namespace_registry.h"
#include "server/history/history.h"
#include "server/matching/matching.h"
#include "server/matching/task_queue.h"
#include "server/matching/versioned_workers.h"
#include "server/matching/waiting_poll.h"
#include "server/matching/waiting_query.h"
#include "server/metrics/metrics.h"
#include "server/workflows/workflow_history.h"

namespace perdure::server {

struct MatchingOptions {
  size_t queue_window = 0;  // 0: limits::kQueueWindow
  size_t idle_queues = 0;   // 0: limits::kIdleQueues
};

class NodeMatching final : public Matching {
 public:
  // All outlive the matching.
  NodeMatching(Executor& executor, History& history, const NamespaceRegistry& namespaces, Metrics& metrics,
               MatchingOptions options = {});
  ~NodeMatching() override;

  void Offer(Task task) override;
  void Withdraw(const Task& task) override;
  void Backlogged(const QueueKey& queue, OwnerId owner, size_t tasks) override;

  uint64_t StartPoll(Poll poll, Callback<PolledTask> done) override;
  void CancelPoll(uint64_t poll) override;
  uint64_t Query(QueryTask query, Callback<QueryAnswer> done) override;
  void CancelQuery(uint64_t query) override;
  void AnswerQuery(QueryTaskToken token, engine::workflow::api::RespondQueryTaskCompletedRequest answer,
                   Callback<std::monostate> done) override;
  void Describe(QueueKey queue, Callback<QueueDescription> done) override;
  void ForgetStickyQueue(QueueKey queue) override;
  void Drain() override;

 private:
  // A task and a poll that were brought together.
  struct Match {
    QueueKey queue;
    PollPtr poll;
    HeldTask task;
    std::shared_ptr<QueueMetrics> metrics;
    std::shared_ptr<const std::atomic<size_t>> backlog;  // of the queue
    absl::Duration backoff;
    int32_t scaling = 0;  // as the queue was at the match, for the reply; 0: no decision
  };

  // `sticky` counts when the queue is new.
  TaskQueue& QueueFor(const QueueKey& key, bool sticky = false);
  std::string NamespaceName(const Uuid& id) const;
  // `sticky`: without the gauges of a backlog.
  void HoldMetrics(TaskQueue& queue, bool sticky);
  void FindPlaceForMetrics(TaskQueue& queue);

  // --- tasks and polls come (node_matching.cc)
  void OnOffer(Task task);
  void OnPoll(const PollPtr& poll);
  void SetRate(TaskQueue& queue, std::optional<double> per_second);
  void WaitWith(TaskQueue& queue, const PollPtr& poll);
  void OnPollTimeout(const PollPtr& poll);
  void AnswerEmpty(const PollPtr& poll);
  void GrantRoom(TaskQueue& queue);

  // --- they meet (node_matching_match.cc)
  void MatchAll(TaskQueue& queue);
  void WaitForRate(TaskQueue& queue, absl::Duration wait);
  void Start(std::shared_ptr<Match> match);
  void StartOnItsOwn(std::shared_ptr<Match> match);
  void OnStarted(const std::shared_ptr<Match>& match, absl::StatusOr<engine::workflow::Reply> reply);
  void OnRefused(const std::shared_ptr<Match>& match, const absl::Status& status);
  void TryAgain(const std::shared_ptr<Match>& match);
  void ReturnPoll(TaskQueue& queue, const PollPtr& poll);
  // `waited`: what the poll gets had to wait for one.
  int32_t ScalingDecision(TaskQueue& queue, const WaitingPoll& poll, bool waited);

  // --- queries (node_matching_queries.cc)
  void OnQuery(const QueryPtr& query);
  void WatchForPollers(const QueryPtr& query);
  // Brings the queue's first query to the poll.
  void StartQuery(TaskQueue& queue, const PollPtr& poll);
  void OnQueryStarted(const QueryPtr& query, const PollPtr& poll, int32_t scaling,
                      absl::StatusOr<engine::workflow::Reply> reply);
  // Nothing happens when the query was answered before.
  void EndQuery(const QueryPtr& query, absl::StatusOr<QueryAnswer> answer);
  void EndQueries();

  // --- sticky queues (node_matching_sticky.cc)
  bool WorkerGone(TaskQueue& queue) const;
  void MoveToNormalQueue(const Task& task);

  void UpdateBacklog(TaskQueue& queue);

  // --- queues that nobody uses any more (node_matching_idle.cc)
  void ForgetIdleQueuesLater();
  void ForgetIdleQueues();
  void ForgetCrowd();

  Executor& executor_;
  const WorkflowHistory history_;
  const NamespaceRegistry& namespaces_;
  Metrics& metrics_;
  const size_t window_;
  const size_t idle_queues_;
  PollTable polls_;
  std::atomic<uint64_t> next_poll_ = 1;
  std::atomic<uint64_t> next_query_ = 1;

  // The executor's only.
  VersionedWorkers versioned_workers_;
  absl::flat_hash_map<QueueKey, std::unique_ptr<TaskQueue>> queues_;
  absl::btree_map<uint64_t, QueryPtr> queries_;  // without an answer
  uint64_t next_order_ = 1;
  bool draining_ = false;
  size_t crowd_ = 0;  // more queues than these are too many
  Executor::TimerId cleaning_ = Executor::kNoTimer;
};

}  // namespace perdure::server
