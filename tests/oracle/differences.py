"""Differences from the real server that we mean to keep, each with its reason. Any other fails the test."""

import re
from dataclasses import dataclass
from fnmatch import fnmatch

from . import compare

ANYTHING = object()
ABSENT = object()


@dataclass(frozen=True)
class Difference:
    scenario: str  # a glob over "<topic>/<scenario>"
    path: str  # a regular expression over the mismatch's whole path, "[step].response.field"
    reason: str
    ours: object = ANYTHING  # what Perdure must show there

    def explains(self, name: str, path: str, _reference, got) -> bool:
        return (
            fnmatch(name, self.scenario)
            and re.fullmatch(self.path, path) is not None
            and (self.ours is ANYTHING or self.ours == got or (self.ours is ABSENT and got is compare.ABSENT))
        )


NOT_ANNOUNCED = "a capability is announced when what it promises is built"
GRPC_WORDS = "the words are the gRPC library's"
NO_LIMIT = "a queue has no limit but what its workers set"
SAME_TOKEN = "a task that is handed out again has the same token, byte by byte"
NOT_ROUTED = "tasks are not routed by versions: no run has a transition, or a revision of the routing"
SHOWN = "of a client's value an error repeats the beginning"
SAME_QUERY = "a query that waits keeps its id from one attempt of a workflow task to the next"
START_STANDS_FIRST = "the request id of a start belongs to the start's event, not to that of the signal"

STARTED_BY = "the event says which worker had the task, as the worker saw it: the real server forgets that"
GO_WORDS = "the words are those of Go's protobuf, whose space is none"

DIFFERENCES = [
    *(
        Difference(
            "queries*/*",
            r"\[\d+\]\.error\.message",
            "the server may say so before the client gives up, at the same time",
            words,
        )
        for words in ("context deadline exceeded", "query timed out before a worker could process it")
    ),
    Difference(
        "queries/answer_with_a_bad_command",
        r"\[.\]\.(response\.queries|request\.query_results)\..*",
        SAME_QUERY,
    ),
    Difference("updates/signal_while_it_runs", r".*\.events\[1\]", STARTED_BY),
    Difference("updates/terminated_while_it_runs", r".*\.events\[1\]", STARTED_BY),
    Difference("updates_errors/closing", r".*\.events\[1\]", STARTED_BY),
    Difference("updates_errors/sent_again_after_timeout", r".*\.events\[5\]", STARTED_BY),
    Difference("updates_errors/no_message_of_updates", r"\[9\]\.error\.message", GO_WORDS),
    Difference("updates_errors/no_message_of_updates", r"\[11\]\..*\.failure\.message", GO_WORDS),
    Difference(
        "signal_with_start/*",
        r".*\.workflow_extended_info\.request_id_infos\.[^.]*\.event_id",
        START_STANDS_FIRST,
        1,
    ),
    Difference("ties/eager_start_repeated", r"\[3\]\.request\.task_token", SAME_TOKEN, "<token-2>"),
    Difference(
        "bad_commands/cancel_of_unknown_timer",
        r".*\.message",
        SHOWN,
        "BadCancelTimerAttributes: TimerId on CancelTimerCommand exceeds length limit. "
        "TimerId=<x, 256 times>... (1001 bytes) Length=1001 Limit=1000",
    ),
    Difference(
        "bad_commands/timers",
        r".*\.message",
        SHOWN,
        "BadStartTimerAttributes: TimerId on StartTimerCommand exceeds length limit. "
        "TimerId=<x, 256 times>... (1001 bytes) Length=1001 Limit=1000",
    ),
    Difference(
        "bad_commands/markers",
        r".*\.message",
        SHOWN,
        "BadRecordMarkerAttributes: MarkerName on RecordMarkerCommand exceeds length limit. "
        "MarkerName=<x, 256 times>... (1001 bytes) Length=1001 Limit=1000",
    ),
    Difference(
        "system/system_info",
        r".*\.capabilities\.(nexus|server_scaled_deployments|supports_schedules)",
        NOT_ANNOUNCED,
        ABSENT,
    ),
    *(
        Difference(
            topic,
            r".*\.(capabilities\.standalone_activity_batch_operations|namespace_info\.supports_schedules)",
            NOT_ANNOUNCED,
            ABSENT,
        )
        for topic in ("namespace/*", "namespaces/*", "gone/odd_requests")
    ),
    Difference(
        "next_run_errors/bad_names",
        r"\[[01]\]\..*message",
        SHOWN,
        "BadContinueAsNewAttributes: WorkflowType on ContinueAsNewWorkflowExecutionCommand exceeds length "
        "limit. WorkflowType=<x, 256 times>... (1001 bytes) Length=1001 Limit=1000",
    ),
    Difference(
        "next_run_errors/bad_names",
        r"\[[23]\]\..*message",
        SHOWN,
        "BadContinueAsNewAttributes: error validating ContinueAsNewWorkflowExecutionCommand TaskQueue: "
        "taskQueue length exceeds limit. WorkflowType=Greet "
        'TaskQueue=name:"<x, 256 times>... (1001 bytes)"  kind:TASK_QUEUE_KIND_NORMAL',
    ),
    Difference(
        "next_runs/execution_times_out_over_the_chain",
        r".*\.pending_workflow_task",
        "a closed run has no workflow task",
        ABSENT,
    ),
    Difference("deployment_options/*", r".*\.versioning_info\.revision_number", NOT_ROUTED, ABSENT),
    Difference("deployment_options/task_fails", r".*\.versioning_info", NOT_ROUTED, ABSENT),
    Difference(
        "update_with_start/first_task_fails",
        r".*\.start_workflow\.(started|first_execution_run_id)",
        "the real server tries the whole call again when the task fails, and then finds its own run",
    ),
    Difference("task_queue/*", r".*\.effective_rate_limit", NO_LIMIT, ABSENT),
    Difference("fields/*", r".*\.effective_rate_limit", NO_LIMIT, ABSENT),
    Difference(
        "fields/payloads_kept_elsewhere",
        r".*\.memo\.fields\.note\.external_payloads",
        "a memo is described as it was set; the real server's copy for a description leaves this out",
    ),
    Difference("task_queue/*", r".*\.task_queue_status\.rate_per_second", NO_LIMIT, ABSENT),
    Difference(
        "visibility/*",
        r".*\.executions\[0\]\.search_attributes\.indexed_fields",
        "an open run's row is not written again for its first build id; Describe and the closed row show it",
        ABSENT,
    ),
    Difference("system/cluster_info", r".*\.response\.cluster_name", "a name of its own"),
    Difference(
        "system/cluster_info", r".*\.(initial_failover_version|failover_version_increment)", "no replication"
    ),
    Difference(
        "reset_errors/same_request_id",
        r".*",
        "a reset that is repeated makes one run: the request id is for that",
    ),
    Difference(
        "reset/post_reset_signal",
        r".*",
        "the API's signals after a reset take effect; the real server refuses them",
    ),
    Difference("errors/not_built", r".*\.error\.message", GRPC_WORDS),
    Difference("errors/garbage_instead_of_a_message", r".*\.error\.message", GRPC_WORDS),
    Difference(
        "visibility/bad_page_token",
        r".*\.error\.code",
        "the real server answers UNKNOWN, which workers retry for ever",
        "INVALID_ARGUMENT",
    ),
    Difference("visibility/bad_page_token", r".*\.error\.message", "as above", "Invalid NextPageToken."),
    Difference(
        "standalone_activity_lists/bad_queries",
        r"\[8\]\.error\.code",
        "the real server answers UNKNOWN, which clients retry for ever",
        "INVALID_ARGUMENT",
    ),
    Difference(
        "standalone_activity_lists/bad_queries",
        r"\[8\]\.error\.message",
        "as above",
        "Invalid NextPageToken.",
    ),
    Difference(
        "standalone_activity_lists/*",
        r".*\.search_attributes\.indexed_fields(\.TemporalNamespaceDivision)?",
        "how the real server tells its kinds of executions apart inside",
        ABSENT,
    ),
]
