// What history counts as runs go: their steps and ends, activities' ends, failures and retries, commands, and
// what an executor holds. A type's counters stand at 0 from its first run or activity on: Prometheus sees no
// rise in a series that begins at 1. Not thread-safe: lives on one executor. Handles are kept, because
// looking one up takes a lock.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "engine/workflow/request.h"
#include "engine/workflow/state.h"
#include "server/metrics/metrics.h"
#include "server/metrics/series_cache.h"

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
    int64_t workflow_task_waits = 0;  // the scheduled event of a task that no worker has; 0: none
    int64_t next_event_id = 1;
  };
  static Before Note(const engine::workflow::State& state, const engine::workflow::Request& request);
  // A run came into memory: the counters of its types, and of its activities', are there.
  void OnRun(std::string_view namespace_name, const engine::workflow::State& state);
  // The step of `request`, answered OK or not, led to `after`.
  void Count(std::string_view namespace_name, const Before& before, const engine::workflow::Request& request,
             bool ok, const engine::workflow::State& after);
  // The last `records` of the run's log were added by a step.
  void CountTransitions(std::string_view namespace_name, const engine::workflow::State& after,
                        size_t records);

  // The executor owns so many shards, or no longer does.
  void OnServing(size_t shards);
  void OnFence();
  void OnStop() { GiveUpShards(); }
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

  using Weak = std::weak_ptr<LabelledMetrics>;

  // What one type of workflow or activity, one namespace, and one type of command in it count.
  struct OfWorkflow {
    std::array<Weak, 2> series;
    Counter *success, *failed, *cancel, *timeout, *terminate, *continued_as_new;
    Counter *task_fail, *task_timeout;
    Histogram* latency;
  };
  struct OfActivity {
    std::array<Weak, 1> series;
    Counter *success, *fail, *task_fail, *timeout, *task_timeout, *cancel, *retry;
  };
  struct Timeouts {
    Counter *schedule_to_start, *schedule_to_close, *start_to_close, *heartbeat;
    Counter* Of(temporal::api::enums::v1::TimeoutType type) const;
  };
  struct OfNamespace {
    std::array<Weak, 5> series;
    Histogram* transitions;
    Counter *sticky, *not_sticky, *no_commands, *second_ends;
    Counter *tasks_refused, *tasks_failed;
    Counter *start_timer, *record_marker, *signal_external, *child, *continue_as_new, *upsert, *modify;
    Timeouts activities, workflow_tasks;
  };
  struct OfCommand {
    std::array<Weak, 1> series;
    Counter* commands;
  };
  struct Shards {
    explicit Shards(Metrics& metrics);
    Gauge& owned;
    Counter& created;
    Counter& removed;
    Counter& closed;
  };

  void CountClosed(std::string_view namespace_name, const State& state);
  void CountActivity(std::string_view namespace_name, const Before& before,
                     const engine::workflow::Request& request, const State& after);
  void CountTimeouts(std::string_view namespace_name, const Before& before, const State& after);
  void CountCommands(std::string_view namespace_name,
                     const engine::workflow::CompleteWorkflowTask& completed);
  void GiveUpShards();
  static Counter* CloseCounter(const OfWorkflow& of,
                               temporal::api::enums::v1::WorkflowExecutionStatus status);
  static Counter* CommandCounter(const OfNamespace& of, temporal::api::enums::v1::CommandType type);
  // Good until the next call.
  const OfWorkflow& Of(std::string_view namespace_name, const State& state);
  const OfActivity& Of(std::string_view namespace_name, const State& state, const Activity& activity);
  const OfNamespace& Of(std::string_view namespace_name);

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
  Shards shards_;
  size_t owned_shards_ = 0;
  SeriesCache<OfWorkflow> workflows_;
  SeriesCache<OfActivity> activities_;
  SeriesCache<OfNamespace> namespaces_;
  SeriesCache<OfCommand> commands_;
};

}  // namespace perdure::server
