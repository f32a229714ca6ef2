// One queue's waiting tasks and waiting polls, each in order. A passive structure; NodeMatching decides.
// Not thread-safe: belongs to NodeMatching's executor.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "server/matching/queue_stats.h"
#include "server/matching/rate_limit.h"
#include "server/matching/waiting_poll.h"
#include "server/matching/waiting_query.h"

namespace perdure::server {

struct HeldTask {
  Task task;
  uint64_t order = 0;   // of arrival: its place in the queue
  absl::Time since;     // when it came, for the backlog's age
  bool waited = false;  // no poll was waiting when it came
  int failures = 0;     // attempts to start it that neither succeeded nor told it to go
  // The request id of a start whose outcome is unknown: asked for by it again, a start that was recorded is
  // handed to the next poll, and not left to its timeout.
  std::string request_id = {};
};

// A queue's metric handles, and its tasks that are being started or wait for another attempt. Shared with
// those attempts, which end on other threads. Thread safety: `in_hand` any thread, the handles as Metrics;
// set once before.
struct QueueMetrics {
  LabelledMetricsPtr of_queue, of_adding, of_starting;  // hold what the handles point to
  Counter* added = nullptr;
  Counter* started = nullptr;
  Histogram* sync_match = nullptr;
  Histogram* async_match = nullptr;
  Counter* poll_success = nullptr;
  Counter* poll_success_sync = nullptr;
  Counter* poll_timeouts = nullptr;
  Histogram* poll_latency = nullptr;
  Histogram* schedule_to_start = nullptr;
  Gauge* backlog_count = nullptr;  // null for sticky queues, as the next one
  Gauge* backlog_age = nullptr;
  std::atomic<size_t> in_hand = 0;
};

class TaskQueue {
 public:
  TaskQueue(QueueKey key, size_t window) : key_(std::move(key)), window_(window) {}

  const QueueKey& key() const { return key_; }

  // --- tasks: by priority, then arrival
  enum class Added { kYes, kKnown, kFull };
  Added Add(HeldTask task);
  // A task that was taken goes back to its place, whatever the window.
  void PutBack(HeldTask task);
  bool Remove(const Task& task);
  bool HasTask() const { return !tasks_.empty(); }
  HeldTask TakeTask();
  size_t tasks() const { return tasks_.size(); }
  size_t room() const { return tasks_.size() < window_ ? window_ - tasks_.size() : 0; }
  std::optional<absl::Time> OldestTask() const;

  // --- queries: by priority, then arrival
  void Add(const QueryPtr& query);
  void Remove(const QueryPtr& query);
  bool HasQuery() const { return !queries_.empty(); }
  // Whether it comes before the first task. REQUIRES: HasQuery().
  bool QueryIsFirst() const {
    return tasks_.empty() || queries_.begin()->first.first <= tasks_.begin()->first.first;
  }
  QueryPtr TakeQuery();

  // --- polls: in order of arrival
  void Add(const PollPtr& poll) { polls_.emplace(poll->id, poll); }
  bool Remove(const PollPtr& poll) { return polls_.erase(poll->id) != 0; }
  bool HasPoll() const { return !polls_.empty(); }
  PollPtr TakePoll();

  // --- tasks that their owners keep back
  struct Owner {
    OwnerId owner;
    size_t kept = 0;
    // When it was told that there is room; nullopt: not since it last said what it keeps.
    std::optional<absl::Duration> told = std::nullopt;
  };
  const std::vector<Owner>& owners() const { return owners_; }
  std::vector<Owner>& owners() { return owners_; }
  void SetKept(OwnerId owner, size_t tasks);
  // Owners that were told of room then or before and have said nothing since are gone. One that is not says
  // what it keeps whenever it hears of room, and is here again.
  void ForgetSilentOwners(absl::Duration told_before);
  // What waits here and what owners keep back. Any thread may read it, also when the queue is gone.
  std::shared_ptr<const std::atomic<size_t>> backlog() const { return backlog_; }

  bool Idle() const {
    return tasks_.empty() && queries_.empty() && polls_.empty() && owners_.empty() && metrics->in_hand == 0 &&
           rate_timer == Executor::kNoTimer;
  }

  RateLimit rate;
  PollerHistory pollers;
  RateTracker added;
  RateTracker dispatched;
  RateTracker rate_limited;                           // how often a task and a poll waited for the rate alone
  Executor::TimerId rate_timer = Executor::kNoTimer;  // tasks wait for the rate alone
  std::shared_ptr<QueueMetrics> metrics = std::make_shared<QueueMetrics>();
  int64_t scaling_decisions = 0;  // in the current second
  int64_t scaling_second = -1;

 private:
  using Place = std::pair<int32_t, uint64_t>;  // priority key, order
  struct Identity {
    Uuid run_id;
    int64_t scheduled_event_id = 0;
    int32_t attempt = 0;
    friend bool operator==(const Identity&, const Identity&) = default;
    template <typename H>
    friend H AbslHashValue(H h, const Identity& id) {
      return H::combine(std::move(h), id.run_id, id.scheduled_event_id, id.attempt);
    }
  };
  static Identity IdentityOf(const Task& task) {
    return {*task.run.run_id, task.dispatch.scheduled_event_id, task.dispatch.attempt};
  }

  void Count();

  const QueueKey key_;
  const size_t window_;
  absl::btree_map<Place, HeldTask> tasks_;
  absl::flat_hash_map<Identity, Place> places_;
  absl::btree_map<Place, QueryPtr> queries_;
  absl::btree_map<uint64_t, PollPtr> polls_;
  std::vector<Owner> owners_;  // in order of their first decline; few
  const std::shared_ptr<std::atomic<size_t>> backlog_ = std::make_shared<std::atomic<size_t>>(0);
};

}  // namespace perdure::server
