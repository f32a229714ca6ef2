// Long polls that wait for a run's next events. They do not keep the run in memory. A wait has an id, by
// which its caller calls it off. Not thread-safe: lives on one executor, and is destroyed on it or after its
// end.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/flat_hash_map.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "base/executor.h"
#include "persistence/batch.h"
#include "server/history/history.h"
#include "server/metrics/metrics.h"

namespace perdure::server {

class EventWaiters {
 public:
  using Answer = Callback<RunPosition>;
  // Called when a waiter's time is over.
  using Expired = absl::AnyInvocable<void(const persistence::RunKey&, Answer)>;

  // `waiting` shows how many there are.
  EventWaiters(Executor& executor, Gauge& waiting, Expired expired)
      : executor_(executor), waiting_(waiting), expired_(std::move(expired)) {}

  // Waits until TakeReady hands it out, or for `max_wait`. RESOURCE_EXHAUSTED is answered when there are too
  // many.
  void Add(uint64_t id, const persistence::RunKey& run, int64_t from_event_id, absl::Duration max_wait,
           Answer done);
  // Answers CANCELLED. Nothing happens when the wait was answered before.
  void Cancel(uint64_t id);

  // The waiters of a run that is closed, or whose events reach up to below `next_event_id`.
  std::vector<Answer> TakeReady(const persistence::RunKey& run, bool open, int64_t next_event_id);
  struct Waiting {
    persistence::RunKey run;
    Answer done;
  };
  std::vector<Waiting> TakeAll();
  bool empty() const { return by_id_.empty(); }

 private:
  struct Waiter {
    persistence::RunKey run;
    int64_t from_event_id = 0;
    Answer done;
    Executor::TimerId timer = Executor::kNoTimer;
  };
  Answer Take(uint64_t id);
  // Takes a waiter out of its run's too, for whoever does not take all waiters of that run.
  Answer TakeOne(uint64_t id);

  Executor& executor_;
  Gauge& waiting_;
  Expired expired_;
  absl::btree_map<uint64_t, Waiter> by_id_;
  absl::flat_hash_map<persistence::RunKey, std::vector<uint64_t>> by_run_;
};

}  // namespace perdure::server
