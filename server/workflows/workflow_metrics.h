// What is counted as workflow runs go, by what their steps say: steps and ends, activities' ends, failures
// and retries, commands. A type's counters stand at 0 from its first run or activity on: Prometheus sees no
// rise in a series that begins at 1. Not thread-safe: lives on one executor. Handles are kept, because
// looking one up takes a lock.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/workflow/happening.h"
#include "engine/workflow/state.h"
#include "server/activities/activity_counters.h"
#include "server/history/entity_kinds.h"
#include "server/metrics/metrics.h"
#include "server/metrics/series_cache.h"

namespace perdure::server {

class WorkflowMetrics final : public StepObserver {
 public:
  explicit WorkflowMetrics(Metrics& metrics) : metrics_(metrics) {}

  void OnEntity(std::string_view namespace_name, const engine::Entity& entity) override;
  void OnStep(std::string_view namespace_name, const engine::Entity& entity,
              const std::vector<engine::Record>& records, const engine::Happenings* happenings) override;

 private:
  using State = engine::workflow::State;
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
  // By type of command; null where a type has none of its own.
  using OfCommandTypes = std::array<Counter*, temporal::api::enums::v1::CommandType_ARRAYSIZE>;
  struct OfNamespace {
    std::array<Weak, 6> series;
    Histogram* transitions;
    Counter *sticky, *not_sticky, *no_commands, *second_ends;
    Counter *tasks_refused, *tasks_failed, *unsupported;
    Counter *updates_admitted, *updates_accepted, *updates_rejected, *updates_completed, *updates_aborted;
    OfCommandTypes commands;
    Timeouts activities, workflow_tasks;
  };
  struct OfCommand {
    std::array<Weak, 1> series;
    Counter* commands;
  };
  // Counts one happening of a step.
  struct Counting;
  void CountClosed(std::string_view namespace_name, const State& state,
                   const engine::workflow::RunClosed& closed);
  void CountCompleted(std::string_view namespace_name,
                      const engine::workflow::WorkflowTaskCompleted& completed);
  void CountFailed(std::string_view namespace_name, const State& state, bool completion_refused);
  void SayUnsupported(std::string_view namespace_name, const State& state,
                      temporal::api::enums::v1::CommandType command);
  void CountTimedOut(std::string_view namespace_name, const State& state,
                     temporal::api::enums::v1::TimeoutType type);
  void CountOfActivity(std::string_view namespace_name, const State& state,
                       const engine::workflow::OfActivity& of);
  void CountOfUpdate(std::string_view namespace_name, const engine::workflow::OfUpdate& of);
  void CountCommand(std::string_view namespace_name, temporal::api::enums::v1::CommandType command);
  static OfCommandTypes CountersOfCommands(LabelledMetrics& series);
  static Counter* CloseCounter(const OfWorkflow& of,
                               temporal::api::enums::v1::WorkflowExecutionStatus status);
  // Good until the next call.
  const OfWorkflow& Of(std::string_view namespace_name, const State& state);
  const ActivityCounters& Of(std::string_view namespace_name, const State& state,
                             const temporal::api::history::v1::HistoryEvent& scheduled);
  const OfNamespace& Of(std::string_view namespace_name);

  Metrics& metrics_;
  SeriesCache<OfWorkflow> workflows_;
  SeriesCache<ActivityCounters> activities_;
  SeriesCache<OfNamespace> namespaces_;
  SeriesCache<OfCommand> commands_;
};

}  // namespace perdure::server
