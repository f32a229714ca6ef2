// The handles by which WorkflowMetrics counts, each made when first asked for.
#include "engine/workflow/commands/command_table.h"
#include "server/workflows/workflow_metrics.h"

namespace perdure::server {

// Each stands at 0 from the start.
WorkflowMetrics::OfCommandTypes WorkflowMetrics::CountersOfCommands(LabelledMetrics& series) {
  OfCommandTypes counters{};
  for (const engine::workflow::CommandRow& row : engine::workflow::CommandRows()) {
    if (!row.counter.empty()) counters.at(static_cast<size_t>(row.type)) = &series.counter(row.counter);
  }
  return counters;
}

const WorkflowMetrics::OfWorkflow& WorkflowMetrics::Of(std::string_view namespace_name, const State& state) {
  return workflows_.Find(SeriesKey({namespace_name, state.task_queue, state.workflow_type}), [&] {
    const LabelledMetricsPtr ends = metrics_.Hold({{"operation", "CompletionStats"},
                                                   {"namespace", namespace_name},
                                                   {"service_name", "history"},
                                                   {"taskqueue", state.task_queue},
                                                   {"workflowType", state.workflow_type}});
    const LabelledMetricsPtr tasks = metrics_.Hold({{"namespace", namespace_name},
                                                    {"taskqueue", state.task_queue},
                                                    {"workflowType", state.workflow_type}});
    const auto end = [&](std::string_view name) { return &ends->counter(name); };
    return OfWorkflow{.series = {ends, tasks},
                      .success = end("workflow_success"),
                      .failed = end("workflow_failed"),
                      .cancel = end("workflow_cancel"),
                      .timeout = end("workflow_timeout"),
                      .terminate = end("workflow_terminate"),
                      .continued_as_new = end("workflow_continued_as_new"),
                      .task_fail = &tasks->counter("workflow_task_fail"),
                      .task_timeout = &tasks->counter("workflow_task_timeout"),
                      .latency = &ends->histogram("workflow_schedule_to_close_latency")};
  });
}

const ActivityCounters& WorkflowMetrics::Of(std::string_view namespace_name, const State& state,
                                            const temporal::api::history::v1::HistoryEvent& scheduled) {
  const auto& options = scheduled.activity_task_scheduled_event_attributes();
  const ActivityLabels labels{namespace_name, options.task_queue().name(), state.workflow_type,
                              options.activity_type().name()};
  return CountersOf(labels, metrics_, activities_);
}

const WorkflowMetrics::OfNamespace& WorkflowMetrics::Of(std::string_view namespace_name) {
  return namespaces_.Find(namespace_name, [&] {
    const auto hold = [&](std::string_view operation) {
      return metrics_.Hold(
          {{"operation", operation}, {"namespace", namespace_name}, {"service_name", "history"}});
    };
    const auto timeouts = [](LabelledMetrics& series, bool of_activities) {
      return Timeouts{
          .schedule_to_start = &series.counter("schedule_to_start_timeout"),
          .schedule_to_close = of_activities ? &series.counter("schedule_to_close_timeout") : nullptr,
          .start_to_close = &series.counter("start_to_close_timeout"),
          .heartbeat = of_activities ? &series.counter("heartbeat_timeout") : nullptr};
    };
    const LabelledMetricsPtr run = hold("WorkflowContext");
    const LabelledMetricsPtr completed = hold("RespondWorkflowTaskCompleted");
    const LabelledMetricsPtr failed = hold("RespondWorkflowTaskFailed");
    const LabelledMetricsPtr activities = hold("TimerActiveTaskActivityTimeout");
    const LabelledMetricsPtr tasks = hold("TimerActiveTaskWorkflowTaskTimeout");
    const LabelledMetricsPtr updates =
        metrics_.Hold({{"namespace", namespace_name}, {"service_name", "history"}});
    const auto update = [&](std::string_view name) { return &updates->counter(name); };
    const auto counter = [&](std::string_view name) { return &completed->counter(name); };
    return OfNamespace{.series = {run, completed, failed, activities, tasks, updates},
                       .transitions = &run->histogram("state_transition_count"),
                       .sticky = counter("complete_workflow_task_sticky_enabled_count"),
                       .not_sticky = counter("complete_workflow_task_sticky_disabled_count"),
                       .no_commands = counter("empty_completion_commands"),
                       .second_ends = counter("multiple_completion_commands"),
                       .tasks_refused = counter("failed_workflow_tasks"),
                       .tasks_failed = &failed->counter("failed_workflow_tasks"),
                       .unsupported = counter("perdure_unsupported_commands"),
                       .updates_admitted = update("request_workflow_update_message"),
                       .updates_accepted = update("accept_workflow_update_message"),
                       .updates_rejected = update("reject_workflow_update_message"),
                       .updates_completed = update("respond_workflow_update_message"),
                       .updates_aborted = update("workflow_update_aborted"),
                       .commands = CountersOfCommands(*completed),
                       .activities = timeouts(*activities, true),
                       .workflow_tasks = timeouts(*tasks, false)};
  });
}

}  // namespace perdure::server
