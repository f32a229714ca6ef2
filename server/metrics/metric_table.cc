#include "server/metrics/metric_table.h"

#include <array>

namespace perdure::server {
namespace {

using enum MetricKind;
using enum MetricScale;

// Temporal's names of what does something, in which namespace, and of the service that would do it there.
constexpr std::string_view kCallLabels = "operation,namespace,service_name";
constexpr std::string_view kEndLabels = "operation,namespace,service_name,taskqueue,workflowType";
constexpr std::string_view kExhaustedLabels =
    "operation,namespace,service_name,resource_exhausted_cause,resource_exhausted_scope";
constexpr std::string_view kServiceLabels = "operation,service_name";
constexpr std::string_view kNamespaceLabels = "namespace,service_name";
constexpr std::string_view kWorkflowLabels = "namespace,taskqueue,workflowType";
constexpr std::string_view kActivityLabels = "namespace,taskqueue,workflowType,activityType";
constexpr std::string_view kQueueLabels = "namespace,taskqueue,task_type";

// Names and labels of what Temporal's dashboards show are Temporal's; perdure_* is what only this server has.
constexpr auto kTable = std::to_array<MetricSpec>({
    // Calls, counted in the one place where they pass; matching and history count the tasks that go between
    // them under the names of the calls that they would be.
    {"service_requests", kCounter, kNone, kCallLabels,
     "Calls received (service_name `frontend`); tasks given to matching, and their starts."},
    {"service_errors", kCounter, kNone, kCallLabels,
     "Calls that failed by the server's fault: not those that a client's mistake made fail."},
    {"service_error_with_type", kCounter, kNone, "operation,namespace,service_name,error_type",
     "Calls answered with an error, by its kind: `serviceerror_NotFound`."},
    {"service_errors_entity_not_found", kCounter, kNone, kCallLabels, "Calls answered NOT_FOUND."},
    {"service_errors_execution_already_started", kCounter, kNone, kCallLabels,
     "Starts refused because the workflow id is taken."},
    {"service_errors_resource_exhausted", kCounter, kNone, kExhaustedLabels,
     "Calls answered RESOURCE_EXHAUSTED, by the cause and what it holds for."},
    {"service_latency", kHistogram, kSeconds, kCallLabels,
     "Time from a call's arrival to its answer; long polls too."},
    {"action", kCounter, kNone, "operation,namespace,service_name,action_type",
     "Actions, as Temporal Cloud counts what it bills."},

    // What workflow tasks came to.
    {"command", kCounter, kNone, "operation,namespace,service_name,commandType", "Commands of workflows."},
    {"start_timer_command", kCounter, kNone, kCallLabels, "Commands that start a timer."},
    {"record_marker_command", kCounter, kNone, kCallLabels, "Commands that record a marker."},
    {"signal_external_workflow_command", kCounter, kNone, kCallLabels,
     "Commands that signal another workflow."},
    {"child_workflow_command", kCounter, kNone, kCallLabels, "Commands that start a child workflow."},
    {"continue_as_new_command", kCounter, kNone, kCallLabels, "Commands that continue as new."},
    {"upsert_workflow_search_attributes_command", kCounter, kNone, kCallLabels,
     "Commands that set search attributes."},
    {"modify_workflow_properties_command", kCounter, kNone, kCallLabels, "Commands that change the memo."},
    {"request_workflow_update_message", kCounter, kNone, kNamespaceLabels,
     "Updates that runs have taken in."},
    {"accept_workflow_update_message", kCounter, kNone, kNamespaceLabels,
     "Updates that workers have accepted."},
    {"reject_workflow_update_message", kCounter, kNone, kNamespaceLabels,
     "Updates rejected: by workers, or because they said nothing of them."},
    {"respond_workflow_update_message", kCounter, kNone, kNamespaceLabels, "Updates completed by workers."},
    {"workflow_update_aborted", kCounter, kNone, kNamespaceLabels,
     "Updates that nobody has decided on: their run closed, or the completion of their workflow task could "
     "not be carried out."},
    {"empty_completion_commands", kCounter, kNone, kCallLabels,
     "Workflow tasks completed without a command."},
    {"multiple_completion_commands", kCounter, kNone, kCallLabels,
     "Commands that would end a run after one that did, in one workflow task."},
    {"failed_workflow_tasks", kCounter, kNone, kCallLabels,
     "Workflow tasks failed: by their worker, or by commands that were refused."},
    {"perdure_unsupported_commands", kCounter, kNone, kCallLabels,
     "Runs that sent a command which this server does not know: their workflow tasks fail again and again."},
    {"complete_workflow_task_sticky_enabled_count", kCounter, kNone, kCallLabels,
     "Workflow tasks completed by a worker that keeps the run in its cache."},
    {"complete_workflow_task_sticky_disabled_count", kCounter, kNone, kCallLabels,
     "Workflow tasks completed by a worker that does not."},
    {"schedule_to_start_timeout", kCounter, kNone, kCallLabels,
     "Schedule-to-start timeouts: of activities and, on sticky queues, of workflow tasks."},
    {"schedule_to_close_timeout", kCounter, kNone, kCallLabels, "Schedule-to-close timeouts of activities."},
    {"start_to_close_timeout", kCounter, kNone, kCallLabels,
     "Start-to-close timeouts of activity attempts and of workflow tasks."},
    {"heartbeat_timeout", kCounter, kNone, kCallLabels, "Heartbeat timeouts of activity attempts."},

    // Ends of workflow runs.
    {"workflow_success", kCounter, kNone, kEndLabels, "Runs completed."},
    {"workflow_failed", kCounter, kNone, kEndLabels, "Runs failed."},
    {"workflow_cancel", kCounter, kNone, kEndLabels, "Runs cancelled."},
    {"workflow_timeout", kCounter, kNone, kEndLabels, "Runs timed out."},
    {"workflow_terminate", kCounter, kNone, kEndLabels, "Runs terminated."},
    {"workflow_continued_as_new", kCounter, kNone, kEndLabels, "Runs continued as new."},
    {"workflow_schedule_to_close_latency", kHistogram, kSeconds, kEndLabels,
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
    {"state_transition_count", kHistogram, kCount, kCallLabels,
     "Which one of its run each state transition is; `_count` is how many there were."},

    // Task queues.
    {"perdure_versioned_workers", kCounter, kNone, "",
     "Workers that poll as versions of a deployment, and get tasks as if they were of none."},
    {"poll_latency", kHistogram, kSeconds, kQueueLabels, "From a poll's arrival to a task or to its end."},
    {"poll_success", kCounter, kNone, kQueueLabels, "Polls answered with a task."},
    {"poll_success_sync", kCounter, kNone, kQueueLabels, "Polls answered with a task that had not waited."},
    {"poll_timeouts", kCounter, kNone, kQueueLabels, "Polls answered empty."},
    {"approximate_backlog_count", kGauge, kNone, kQueueLabels, "Tasks that wait for a poller."},
    {"approximate_backlog_age_seconds", kGauge, kNone, kQueueLabels, "Age of the oldest task that waits."},
    {"task_schedule_to_start_latency", kHistogram, kSeconds, kQueueLabels,
     "From a task's dispatch to its start."},

    {"syncmatch_latency", kHistogram, kSeconds, kCallLabels,
     "From a task's arrival at matching to its start, when a poll was waiting."},
    {"asyncmatch_latency", kHistogram, kSeconds, kCallLabels, "The same, when the task waited for a poll."},

    // The store.
    {"perdure_slow_lists", kCounter, kNone, "operation", "Lists and counts that took more than 2 seconds."},
    {"perdure_waiting_lists", kGauge, kNone, "", "Lists and counts that wait for their turn."},
    {"persistence_requests", kCounter, kNone, kServiceLabels, "Operations of the store."},
    {"persistence_errors", kCounter, kNone, kServiceLabels, "Operations of the store that failed."},
    {"persistence_latency", kHistogram, kSeconds, kServiceLabels, "Duration of the store's operations."},

    // History. One executor or several own the shards.
    {"numshards_gauge", kGauge, kNone, kServiceLabels, "Shards that this process owns."},
    {"sharditem_created_count", kCounter, kNone, kServiceLabels, "Shards taken."},
    {"sharditem_removed_count", kCounter, kNone, kServiceLabels, "Shards given up, or lost to a fence."},
    {"shard_closed_count", kCounter, kNone, kServiceLabels, "Shards lost to a fence."},
    {"perdure_commit_batch_runs", kHistogram, kCount, "", "Runs written by one commit."},
    {"perdure_commit_batch_bytes", kHistogram, kBytes, "", "Bytes written by one commit."},
    {"perdure_commit_latency", kHistogram, kSeconds, "", "Duration of commits."},
    {"perdure_executor_queue", kGauge, kNone, "executor", "Calls that wait on an executor, in steps of 16."},
    {"perdure_executor_queue_bytes", kGauge, kNone, "executor", "Bytes of the requests of those calls."},
    {"perdure_call_waiters", kGauge, kNone, "executor", "Calls that wait for what becomes of an execution."},
    {"perdure_event_waiters", kGauge, kNone, "executor", "Long polls that wait for a run's next events."},
    {"perdure_known_wakes", kGauge, kNone, "executor",
     "Stored wakes that are held in memory, of runs that are not."},
    {"perdure_resident_runs", kGauge, kNone, "executor", "Runs held in memory."},
    {"perdure_resident_bytes", kGauge, kNone, "executor", "Estimated bytes of the runs held in memory."},
    {"perdure_removals", kGauge, kNone, "executor", "Runs that retention is removing from the store."},
    {"perdure_namespaces_emptying", kGauge, kNone, "", "Deleted namespaces of which something is left."},
    {"perdure_namespace_removals", kCounter, kNone, "",
     "Executions of deleted namespaces that were asked to go, once or more often."},
    {"perdure_namespaces_removed", kCounter, kNone, "",
     "Deleted namespaces that are gone, with everything that they held."},
    {"perdure_wakes_behind_seconds", kGauge, kNone, "executor", "How far due wakes lag behind the clock."},
    {"perdure_messages_sent", kCounter, kNone, "executor",
     "Copies of messages to other entities that were sent."},
    {"perdure_messages_done", kCounter, kNone, "executor", "Messages whose receiver did what they ask for."},
    {"perdure_messages_refused", kCounter, kNone, "executor", "Messages that their receiver refused."},
    {"perdure_messages_unanswered", kCounter, kNone, "executor", "Copies of messages that got no answer."},
    {"perdure_messages_not_acted_on", kCounter, kNone, "executor",
     "Copies of messages that came too late to be acted on."},
    {"perdure_messages_under_way", kGauge, kNone, "executor", "Messages that wait for their answer."},
    {"perdure_messages_failing", kGauge, kNone, "executor",
     "Messages, or rows of them that keep their order, that failed 10 times in a row or more."},
    {"perdure_refused_calls", kCounter, kNone, "reason", "Calls refused before anything was done."},
    {"perdure_fences", kCounter, kNone, "", "Times an executor fenced itself anew and reloaded."},
    {"perdure_lease_age_seconds", kGauge, kNone, "", "Time since the node's lease was last renewed."},
    {"perdure_lease_lapses", kCounter, kNone, "cause",
     "Times the node's lease lapsed: process, store_slow, store_error or other_node."},

    // The process.
    {"restarts", kCounter, kNone, "", "Starts of the process: 1."},
    {"memory_allocated", kGauge, kNone, "", "Bytes that the program holds of its heap."},
    {"memory_heap", kGauge, kNone, "", "Bytes that the heap holds of the system."},
    {"perdure_wire_limits", kCounter, kNone, "kind", "Times that a client met a limit of the wire."},
    {"perdure_wire_connections", kGauge, kNone, "", "Connections to the gRPC port."},
    {"perdure_tls_refused", kCounter, kNone, "reason", "TLS handshakes that failed."},
    {"perdure_tls_expiry_seconds", kGauge, kNone, "file",
     "Time left until the certificate in use is not valid any more; negative when it is over."},
    {"perdure_pollers", kGauge, kNone, "", "Polls that wait for a task."},
});

}  // namespace

std::span<const MetricSpec> MetricTable() { return kTable; }

}  // namespace perdure::server
