// What is counted as workflow runs go: their steps and ends, activities' ends, failures and retries,
// commands. A type's counters stand at 0 from its first run or activity on: Prometheus sees no rise in a
// series that begins at 1. Not thread-safe: lives on one executor. Handles are kept, because looking one up
// takes a lock.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "engine/workflow/request.h"
#include "engine/workflow/state.h"
#include "server/history/entity_kinds.h"
#include "server/metrics/activity_counters.h"
#include "server/metrics/metrics.h"
#include "server/metrics/series_cache.h"

namespace perdure::server {

class WorkflowMetrics final : public StepObserver {
 public:
  explicit WorkflowMetrics(Metrics& metrics) : metrics_(metrics) {}

  void OnEntity(std::string_view namespace_name, const engine::Entity& entity) override;
  void Before(const engine::Entity& entity, const StepCause& cause) override;
  void After(std::string_view namespace_name, const engine::Entity& entity, const StepCause& cause,
             bool ok) override;
  void OnRecords(std::string_view namespace_name, const engine::Entity& entity, size_t records) override;

 private:
  using State = engine::workflow::State;
  using Activity = engine::workflow::Activity;
  using Request = engine::workflow::Request;

  // What a step may end, noted before it is taken.
  struct Noted {
    bool open = true;
    // The activity that the request is about, or (timers) all of them.
    std::shared_ptr<const Activity> activity;
    std::optional<Cow<absl::btree_map<int64_t, std::shared_ptr<const Activity>>>> activities;
    bool workflow_task_ran = false;
    int64_t workflow_task_waits = 0;  // the scheduled event of a task that no worker has; 0: none
    int64_t next_event_id = 1;
  };

  using Weak = std::weak_ptr<LabelledMetrics>;

  // What one type of workflow, one namespace, and one type of command in it count.
  struct OfWorkflow {
    std::array<Weak, 2> series;
    Counter *success, *failed, *cancel, *timeout, *terminate, *continued_as_new;
    Counter *task_fail, *task_timeout;
    Histogram* latency;
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
  void CountClosed(std::string_view namespace_name, const State& state);
  void CountAnswered(std::string_view namespace_name, const Request& request, bool ok, const State& after);
  void CountActivity(std::string_view namespace_name, const Request& request, const State& after);
  void CountTimeouts(std::string_view namespace_name, const State& after);
  void CountCommands(std::string_view namespace_name,
                     const engine::workflow::CompleteWorkflowTask& completed);
  static Counter* CloseCounter(const OfWorkflow& of,
                               temporal::api::enums::v1::WorkflowExecutionStatus status);
  static Counter* CommandCounter(const OfNamespace& of, temporal::api::enums::v1::CommandType type);
  // Good until the next call.
  const OfWorkflow& Of(std::string_view namespace_name, const State& state);
  const ActivityCounters& Of(std::string_view namespace_name, const State& state, const Activity& activity);
  const OfNamespace& Of(std::string_view namespace_name);

  Metrics& metrics_;
  Noted noted_;
  SeriesCache<OfWorkflow> workflows_;
  SeriesCache<ActivityCounters> activities_;
  SeriesCache<OfNamespace> namespaces_;
  SeriesCache<OfCommand> commands_;
};

}  // namespace perdure::server
