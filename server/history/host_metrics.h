// What an executor of history counts of itself; what its entities do is counted by StepObserver. Not
// thread-safe: lives on one executor. Handles are kept, because looking one up takes a lock.
#pragma once

#include <string>

#include "server/metrics/metrics.h"

namespace perdure::server {

class HostMetrics {
 public:
  HostMetrics(Metrics& metrics, const std::string& executor);

  // The executor owns so many shards, or no longer does.
  void OnServing(size_t shards);
  void OnFence();
  void OnStop() { GiveUpShards(); }
  void SetResident(size_t runs, size_t bytes);
  Gauge& executor_queue() { return executor_queue_; }
  Gauge& executor_queue_bytes() { return executor_queue_bytes_; }
  Gauge& event_waiters() { return event_waiters_; }
  Gauge& call_waiters() { return call_waiters_; }
  Gauge& wakes_behind() { return wakes_behind_; }
  Gauge& known_wakes() { return known_wakes_; }
  Gauge& removals() { return removals_; }
  Counter& refused_calls() { return refused_calls_; }

 private:
  struct Shards {
    explicit Shards(Metrics& metrics);
    Gauge& owned;
    Counter& created;
    Counter& removed;
    Counter& closed;
  };
  void GiveUpShards();

  Gauge& executor_queue_;
  Gauge& executor_queue_bytes_;
  Gauge& event_waiters_;
  Gauge& call_waiters_;
  Gauge& wakes_behind_;
  Gauge& known_wakes_;
  Gauge& removals_;
  Counter& refused_calls_;
  Counter& fences_;
  Gauge& resident_runs_;
  Gauge& resident_bytes_;
  Shards shards_;
  size_t owned_shards_ = 0;
};

}  // namespace perdure::server
