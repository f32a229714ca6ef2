#include "server/metrics/metric_table.h"

#include <array>

namespace perdure::server {
namespace {

using enum MetricKind;
using enum MetricScale;

constexpr std::string_view kCallLabels = "operation,namespace,service_name";
constexpr std::string_view kWorkflowLabels = "namespace,taskqueue,workflowType";
constexpr std::string_view kActivityLabels = "namespace,taskqueue,workflowType,activityType";
constexpr std::string_view kQueueLabels = "namespace,taskqueue,task_type";

// Names and labels of what Temporal's dashboards show are Temporal's; perdure_* is what only this server has.
constexpr auto kTable = std::to_array<MetricSpec>({
    // Calls, counted in the one place where they pass.
    {"service_requests", kCounter, kNone, kCallLabels, "Calls received."},
    {"service_errors", kCounter, kNone, kCallLabels, "Calls answered with an error."},
    {"service_error_with_type", kCounter, kNone, "operation,namespace,service_name,error_type",
     "Calls answered with an error, by its kind."},
    {"service_latency", kHistogram, kSeconds, kCallLabels,
     "Time from a call's arrival to its answer; long polls too."},

    // Ends of workflow runs.
    {"workflow_success", kCounter, kNone, kWorkflowLabels, "Runs completed."},
    {"workflow_failed", kCounter, kNone, kWorkflowLabels, "Runs failed."},
    {"workflow_cancel", kCounter, kNone, kWorkflowLabels, "Runs cancelled."},
    {"workflow_timeout", kCounter, kNone, kWorkflowLabels, "Runs timed out."},
    {"workflow_terminate", kCounter, kNone, kWorkflowLabels, "Runs terminated."},
    {"workflow_continued_as_new", kCounter, kNone, kWorkflowLabels, "Runs continued as new."},
    {"workflow_schedule_to_close_latency", kHistogram, kSeconds, kWorkflowLabels,
     "From a run's start to its end."},

    // Tasks.
    {"activity_success", kCounter, kNone, kActivityLabels, "Activities completed."},
    {"activity_fail", kCounter, kNone, kActivityLabels, "Activities failed for good."},
    {"activity_task_fail", kCounter, kNone, kActivityLabels, "Activity attempts failed, retried or not."},
    {"activity_timeout", kCounter, kNone, kActivityLabels, "Activities timed out for good."},
    {"activity_task_timeout", kCounter, kNone, kActivityLabels,
     "Activity attempts timed out, retried or not."},
    {"activity_cancel", kCounter, kNone, kActivityLabels, "Activities cancelled."},
    {"activity_retry", kCounter, kNone, kActivityLabels, "Activity attempts that were scheduled again."},
    {"workflow_task_fail", kCounter, kNone, kWorkflowLabels, "Workflow tasks failed."},
    {"workflow_task_timeout", kCounter, kNone, kWorkflowLabels, "Workflow tasks timed out."},
    {"state_transition_count", kHistogram, kCount, "namespace", "State transitions of a run, at its end."},

    // Task queues.
    {"poll_latency", kHistogram, kSeconds, kQueueLabels, "From a poll's arrival to a task or to its end."},
    {"poll_success", kCounter, kNone, kQueueLabels, "Polls answered with a task."},
    {"poll_success_sync", kCounter, kNone, kQueueLabels, "Polls answered with a task that had not waited."},
    {"poll_timeouts", kCounter, kNone, kQueueLabels, "Polls answered empty."},
    {"approximate_backlog_count", kGauge, kNone, kQueueLabels, "Tasks that wait for a poller."},
    {"approximate_backlog_age_seconds", kGauge, kNone, kQueueLabels, "Age of the oldest task that waits."},
    {"task_schedule_to_start_latency", kHistogram, kSeconds, kQueueLabels,
     "From a task's dispatch to its start."},

    // The store.
    {"persistence_requests", kCounter, kNone, "operation", "Operations of the store."},
    {"persistence_errors", kCounter, kNone, "operation", "Operations of the store that failed."},
    {"persistence_latency", kHistogram, kSeconds, "operation", "Duration of the store's operations."},
    {"perdure_slow_lists", kCounter, kNone, "operation", "Lists and counts that took more than 2 seconds."},
    {"perdure_waiting_lists", kGauge, kNone, "", "Lists and counts that wait for their turn."},

    // History.
    {"perdure_commit_batch_runs", kHistogram, kCount, "", "Runs written by one commit."},
    {"perdure_commit_batch_bytes", kHistogram, kBytes, "", "Bytes written by one commit."},
    {"perdure_commit_latency", kHistogram, kSeconds, "", "Duration of commits."},
    {"perdure_executor_queue", kGauge, kNone, "executor", "Calls that wait on an executor, in steps of 16."},
    {"perdure_executor_queue_bytes", kGauge, kNone, "executor", "Bytes of the requests of those calls."},
    {"perdure_event_waiters", kGauge, kNone, "executor", "Long polls that wait for a run's next events."},
    {"perdure_known_wakes", kGauge, kNone, "executor",
     "Stored wakes that are held in memory, of runs that are not."},
    {"perdure_resident_runs", kGauge, kNone, "executor", "Runs held in memory."},
    {"perdure_resident_bytes", kGauge, kNone, "executor", "Estimated bytes of the runs held in memory."},
    {"perdure_wakes_behind_seconds", kGauge, kNone, "executor", "How far due wakes lag behind the clock."},
    {"perdure_refused_calls", kCounter, kNone, "reason", "Calls refused before anything was done."},
    {"perdure_fences", kCounter, kNone, "", "Times an executor fenced itself anew and reloaded."},
    {"perdure_lease_age_seconds", kGauge, kNone, "", "Time since the node's lease was last renewed."},

    // The process.
    {"perdure_pollers", kGauge, kNone, "", "Polls that wait for a task."},
});

}  // namespace

std::span<const MetricSpec> MetricTable() { return kTable; }

}  // namespace perdure::server
