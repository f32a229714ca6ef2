// What history counts as runs go: their ends, activities' ends, failures and retries, and what an executor
// holds. A type's counters stand at 0 from its first run or activity on: Prometheus sees no rise in a series
// that begins at 1. Not thread-safe: lives on one executor. Handles are kept, because looking one up takes a
// lock.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "engine/workflow/request.h"
#include "engine/workflow/state.h"
#include "server/metrics/metrics.h"

namespace perdure::server {

class RunMetrics {
 public:
  RunMetrics(Metrics& metrics, const std::string& executor);

  // What a step may end, noted before it is taken.
  struct Before {
    bool open = true;
    // The activity that the request is about, or (timers) all of them.
    std::shared_ptr<const engine::workflow::Activity> activity;
    std::optional<Cow<absl::btree_map<int64_t, std::shared_ptr<const engine::workflow::Activity>>>>
        activities;
    bool workflow_task_ran = false;
    int64_t next_event_id = 1;
  };
  static Before Note(const engine::workflow::State& state, const engine::workflow::Request& request);
  // A run came into memory: the counters of its types, and of its activities', are there.
  void OnRun(std::string_view namespace_name, const engine::workflow::State& state);
  // The step of `request` was answered OK and led to `after`.
  void Count(std::string_view namespace_name, const Before& before, const engine::workflow::Request& request,
             const engine::workflow::State& after);

  void OnFence() { fences_.Add(); }
  void SetResident(size_t runs, size_t bytes);
  Gauge& executor_queue() { return executor_queue_; }
  Gauge& executor_queue_bytes() { return executor_queue_bytes_; }
  Gauge& event_waiters() { return event_waiters_; }
  Gauge& wakes_behind() { return wakes_behind_; }
  Gauge& known_wakes() { return known_wakes_; }
  Gauge& removals() { return removals_; }
  Counter& refused_calls() { return refused_calls_; }

 private:
  using State = engine::workflow::State;
  using Activity = engine::workflow::Activity;

  // What one type of workflow or activity counts.
  struct OfWorkflow {
    Counter *success, *failed, *cancel, *timeout, *terminate, *continued_as_new;
    Counter *task_fail, *task_timeout;
    Histogram* latency;
  };
  struct OfActivity {
    Counter *success, *fail, *task_fail, *timeout, *task_timeout, *cancel, *retry;
  };

  void CountClosed(std::string_view namespace_name, const State& state);
  void CountTimeouts(std::string_view namespace_name, const Before& before, const State& after);
  static Counter* CloseCounter(const OfWorkflow& of,
                               temporal::api::enums::v1::WorkflowExecutionStatus status);
  // Good until the next call.
  const OfWorkflow& Of(std::string_view namespace_name, const State& state);
  const OfActivity& Of(std::string_view namespace_name, const State& state, const Activity& activity);

  Metrics& metrics_;
  Gauge& executor_queue_;
  Gauge& executor_queue_bytes_;
  Gauge& event_waiters_;
  Gauge& wakes_behind_;
  Gauge& known_wakes_;
  Gauge& removals_;
  Counter& refused_calls_;
  Counter& fences_;
  Gauge& resident_runs_;
  Gauge& resident_bytes_;
  // Bounded (Find): clients choose the keys.
  absl::flat_hash_map<std::string, OfWorkflow> workflows_;
  absl::flat_hash_map<std::string, OfActivity> activities_;
  absl::flat_hash_map<std::string, Histogram*> transitions_;
};

}  // namespace perdure::server
